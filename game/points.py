"""What the moves of a round are worth, and how points are won. All points are integer tenths."""

from enum import StrEnum
from hashlib import sha256

from game.moves import BEATS, MOVES, Move, Outcome

TARGET = 100
"""A side that reaches this ends the match."""
DRAW = 5
"""What each side gains from a draw."""
LOW = 10
BASES = (11, 12, 13, 14, 15)
"""The middle value of a round is one of these, equally likely; the high value is `HIGH_STEP` more."""
HIGH_STEP = 5

Values = dict[Move, int]
"""The worth of each move in one round, in tenths."""


class Rank(StrEnum):
    """A move's place among its round's values. Low beats high, high beats mid, mid beats low."""

    LOW = "low"
    MID = "mid"
    HIGH = "high"


def _draw(seed: str, round: int, name: str) -> int:
    return int.from_bytes(sha256(f"{seed}:{round}:{name}".encode()).digest()[:2])


def round_values(seed: str, round: int) -> Values:
    """The values of round `round` (from 1) of the match with this secret `seed`."""
    base = BASES[_draw(seed, round, "base") % len(BASES)]
    low = MOVES[_draw(seed, round, "low") % len(MOVES)]
    high = BEATS[low]
    by_move = {low: LOW, high: base + HIGH_STEP, BEATS[high]: base}
    return {move: by_move[move] for move in MOVES}


def by_rank(values: Values) -> dict[Rank, Move]:
    """The move that holds each rank in a round with these values."""
    low = min(values, key=values.__getitem__)
    high = BEATS[low]
    return {Rank.LOW: low, Rank.MID: BEATS[high], Rank.HIGH: high}


def rank_of(move: Move, values: Values) -> Rank:
    """The rank that a move holds in a round with these values."""
    others = sum(worth > values[move] for worth in values.values())
    return (Rank.HIGH, Rank.MID, Rank.LOW)[others]


def gains(player: Move, bot: Move, outcome: Outcome, values: Values) -> tuple[int, int]:
    """What (player, bot) gain from a throw: the winner its own move's value, a draw `DRAW` each."""
    if outcome is Outcome.DRAW:
        return DRAW, DRAW
    return (values[player], 0) if outcome is Outcome.WIN else (0, values[bot])
