"""Made-up players: what each does after a win or a loss, with high values, when behind, and how often that changes."""

import numpy as np

from trainer.data.columns import UNPLAYED, Floats, Ints, Rounds
from trainer.data.features import outcomes
from trainer.data.race import player_mixes

_CHANGE = 1 / 80
"""How likely a player is to take up another mixture of habits in a round."""
_PURITY = 0.35
"""Dirichlet concentration of a mixture: most players follow one or two habits."""
_FIRMNESS = 0.4
"""Dirichlet concentration of a habit: most habits favour one answer."""
_NOISE = 0.3
"""The most that a player throws at random."""
_KINDS = 7


class Habits:
    """A `Player` for `count` players; draws from `random` when habits change, so each simulation needs a fresh one."""

    def __init__(self, count: int, random: np.random.Generator) -> None:
        def habit(*contexts: int) -> Floats:
            return random.dirichlet(np.full(3, _FIRMNESS), (count, *contexts))

        self._random = random
        self._rows = np.arange(count)
        self._taste = random.dirichlet(np.full(3, 2.0), count)
        self._after_outcome = habit(4)
        self._cycle = habit()
        self._reply = habit()
        self._pattern = habit(4, 4)
        self._rank = habit(3)
        self._noise = random.uniform(0, _NOISE, count)[:, None]
        self._mixture = self._mixtures(count)

    def _mixtures(self, count: int) -> Floats:
        return self._random.dirichlet(np.full(_KINDS, _PURITY), count)

    def __call__(self, position: Rounds) -> Floats:
        """P(next move), shape (players, 3)."""
        changed = self._random.random(len(self._rows)) < _CHANGE
        self._mixture[changed] = self._mixtures(int(changed.sum()))
        chosen = np.einsum("pk,kpm->pm", self._mixture, np.stack(self._habits(position)))
        return np.asarray((1 - self._noise) * chosen + self._noise / 3)

    def _habits(self, position: Rounds) -> list[Floats]:
        known, rows = position.known, self._rows
        own, before, bot = known.player[:, -1], known.player[:, -2], known.bot[:, -1]
        outcome = np.where(own == UNPLAYED, 3, outcomes(own, bot))
        behind = np.sign(position.bot_score - position.player_score)
        return [
            self._taste,
            _shifted(self._after_outcome[rows, outcome], own),
            _shifted(self._cycle, own),
            _shifted(self._reply, bot),
            self._pattern[rows, own, before],
            _shifted(self._rank[rows, behind], position.values.argmin(axis=1)),
            player_mixes(position.bot_score, position.player_score, position.values),
        ]


def _shifted(steps: Floats, origin: Ints) -> Floats:
    """P(move) from P(how many moves further round the circle than `origin`); as it stands where there is no origin."""
    return np.take_along_axis(steps, (np.arange(3) - np.maximum(origin, 0)[:, None]) % 3, axis=1)
