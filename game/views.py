"""What a player may see of a match, and nothing else: every match message is made here.

The messages of a match are numbered by `seq`: `matched` is 1, round n opens as 2n, its result is 2n+1, and `over`
follows the last of them. All can be made again from the match, so what a browser missed is never stored.
"""

from collections.abc import Iterator

from msgspec import UNSET

from game.equilibrium import Row
from game.fairness import commitment, sha256_hex
from game.moves import MOVES, Move
from game.points import TARGET
from game.records import Closed, Scores, Sealed
from game.state import Match, PlayedRound
from game.wire import Matched, MatchMessage, Over, Result, Round, ServedBy, Thought


def by_move(numbers: Row) -> dict[Move, float]:
    """Three numbers in the order of `MOVES`, by the move's name."""
    return dict(zip(MOVES, numbers, strict=True))


def matched(match: Match) -> Matched:
    """The match as it is announced."""
    opened = match.opened
    return Matched(
        match=match.id,
        seq=1,
        opponent=opened.opponent,
        target=TARGET,
        seed_hash=sha256_hex(opened.seed),
        client_ref=opened.client_ref or UNSET,
    )


def round_opened(sealed: Sealed, scores: Scores) -> Round:
    """A sealed round with the scores before it, without a word of the bot's move."""
    return Round(
        match=sealed.match,
        seq=2 * sealed.round,
        round=sealed.round,
        values=sealed.values,
        scores=scores,
        commitment=commitment(sealed.reveal),
    )


def result(round: PlayedRound) -> Result:
    """How a round came out, with the proof of its seal and what the bot had expected."""
    sealed, played = round.sealed, round.played
    thought = Thought(probabilities=by_move(sealed.probabilities), values=by_move(sealed.worth), source=sealed.source)
    return Result(
        match=played.match,
        seq=2 * played.round + 1,
        round=played.round,
        player_move=played.player_move,
        bot_move=played.bot_move,
        outcome=played.outcome,
        gained=played.gained,
        scores=played.scores,
        reveal=sealed.reveal,
        thought=thought,
    )


def over(match: Match, closed: Closed) -> Over:
    """How the match ended; only now are its seed and who played it told."""
    opened = match.opened
    return Over(
        match=match.id,
        seq=2 * match.round + (match.sealed is not None),
        winner=closed.winner,
        reason=closed.reason,
        scores=closed.scores,
        rounds=len(match.rounds),
        seed=opened.seed,
        served_by=ServedBy(opened.family, opened.alias, closed.version),
    )


def _all(match: Match) -> Iterator[MatchMessage]:
    yield matched(match)
    scores = Scores(0, 0)
    for round in match.rounds:
        yield round_opened(round.sealed, scores)
        yield result(round)
        scores = round.played.scores
    if match.sealed is not None:
        yield round_opened(match.sealed, scores)
    if match.closed is not None:
        yield over(match, match.closed)


def missed(match: Match, seen: int) -> list[MatchMessage]:
    """What a browser that has seen the messages up to `seen` lacks.

    One that lacks nothing, or has seen what never was, gets a snapshot: `matched` and the latest message.
    """
    messages = list(_all(match))
    return [message for message in messages if message.seq > seen] or [messages[0], *messages[1:][-1:]]
