"""What a player remembers of the throws, and what each memory says for each move: the cues that people follow.

Moves are indices into `MOVES`, which go round a circle: each is beaten by the next. The step from one move to another
is how many places further round it lies, and (mine - theirs) % 3 is 0 for a draw, 1 for a win and 2 for a loss.
"""

from collections.abc import Iterator

FADING = 0.8
"""What earlier occasions still count each time that the same situation comes round again. Of 1, .97, .9 and .8 the last
predicts the recorded people best."""
_PRIOR = 1.0
"""Occasions for each move that nobody has seen: with few real ones, no opinion."""

_STEPS = tuple(f"{step} after a {outcome}" for outcome in ("draw", "win", "loss") for step in ("up", "down"))
_HABITS = ("own", "own after own", "own step after outcome", "own after own two", "own step after outcome and step")
_BELIEFS = (
    "theirs",
    "their step",
    "theirs from mine",
    "their step after outcome",
    "theirs after both",
    "their step after two outcomes",
    "their step after outcome and step",
)
CUES = ("paper", "scissors", *_STEPS, *_HABITS, *_BELIEFS)
"""Of each: a taste for a move; the step from the own last throw by its outcome; what was thrown before in the like
situation; and what gains if the opponent goes on as it did in the like situation."""

Row = tuple[float, float, float]
"""How far a cue speaks for each move."""
_Situation = tuple[tuple[int, ...], int]
"""What counts as the same situation, and the move from which steps are counted in it."""

_NOTHING: Row = (0.0, 0.0, 0.0)
_TASTES: tuple[Row, Row] = ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


class Memory:
    """The throws of both sides as one of them remembers them: counts in like situations, earlier ones fading."""

    def __init__(self) -> None:
        self._past: list[tuple[int, int]] = []
        self._counts: dict[tuple[str, tuple[int, ...]], list[float]] = {}

    def begin(self) -> None:
        """A new match: what went just before means nothing, what was learned stays."""
        self._past = []

    def learn(self, mine: int, theirs: int) -> None:
        self._count(_HABITS, self._habits(), mine)
        self._count(_BELIEFS, self._beliefs(), theirs)
        self._past = [*self._past[-1:], (mine, theirs)]

    def _count(self, names: tuple[str, ...], situations: list[_Situation], thrown: int) -> None:
        for name, (same, origin) in zip(names, situations, strict=False):
            counts = self._counts.setdefault((name, same), [0.0, 0.0, 0.0])
            counts[:] = [count * FADING for count in counts]
            counts[(thrown - origin) % 3] += 1

    def cues(self) -> list[Row]:
        """What each of `CUES` says of the next throw; nothing of what has not been seen."""
        return [*_TASTES, *self._steps(), *self._kept(), *self._gains()]

    def _steps(self) -> Iterator[Row]:
        if not self._past:
            yield from [_NOTHING] * len(_STEPS)
            return
        mine, theirs = self._past[-1]
        for outcome in range(3):
            for step in (1, 2):
                yield _one((mine + step) % 3) if outcome == (mine - theirs) % 3 else _NOTHING

    def _kept(self) -> Iterator[Row]:
        for rock, paper, scissors in self._shares(_HABITS, self._habits()):
            yield rock - 1 / 3, paper - 1 / 3, scissors - 1 / 3

    def _gains(self) -> Iterator[Row]:
        """P(win) - P(loss) of each move."""
        for rock, paper, scissors in self._shares(_BELIEFS, self._beliefs()):
            yield scissors - paper, rock - scissors, paper - rock

    def _shares(self, names: tuple[str, ...], situations: list[_Situation]) -> Iterator[Row]:
        for name, (same, origin) in zip(names, situations, strict=False):
            counts = self._counts.get((name, same), _NOTHING)
            total = sum(counts) + 3 * _PRIOR
            rock, paper, scissors = ((counts[(move - origin) % 3] + _PRIOR) / total for move in range(3))
            yield rock, paper, scissors
        for _ in names[len(situations) :]:
            yield 1 / 3, 1 / 3, 1 / 3

    def _habits(self) -> list[_Situation]:
        """The situations of `_HABITS`, so far as there is a past for them."""
        found: list[_Situation] = [((), 0)]
        if self._past:
            mine, theirs = self._past[-1]
            outcome = (mine - theirs) % 3
            found += [((mine,), 0), ((outcome,), mine)]
            if len(self._past) > 1:
                before, _ = self._past[-2]
                found += [((mine, before), 0), ((outcome, (mine - before) % 3), mine)]
        return found

    def _beliefs(self) -> list[_Situation]:
        """The situations of `_BELIEFS`, so far as there is a past for them."""
        found: list[_Situation] = [((), 0)]
        if self._past:
            mine, theirs = self._past[-1]
            outcome = (mine - theirs) % 3
            found += [((), theirs), ((), mine), ((outcome,), theirs), ((mine, theirs), 0)]
            if len(self._past) > 1:
                before, theirs_before = self._past[-2]
                found += [((outcome, (before - theirs_before) % 3), theirs)]
                found += [((outcome, (theirs - theirs_before) % 3), theirs)]
        return found


def _one(move: int) -> Row:
    return float(move == 0), float(move == 1), float(move == 2)
