"""The 50 numbers that every model sees before a round: one contract for serving and training.

Lags, tendencies and `rounds_known` run over the player's whole known history; score features belong to the match.
Lags are one-hot, most recent first, and zeros where there is no such round. Every number is computed in double
precision and then rounded once to the float32 that models take, so that any other implementation which does the
same agrees bit for bit.
"""

from hashlib import blake2b, sha256
from itertools import chain
from math import log
from struct import Struct as Packing

from game.knowledge import LAGS, RANKS, Knowledge
from game.moves import MOVES, OUTCOMES
from game.points import TARGET, Values

VERSION = 1

NAMES: tuple[str, ...] = (
    *(f"user_-{lag}_{move}" for lag in range(1, LAGS + 1) for move in MOVES),
    *(f"bot_-{lag}_{move}" for lag in range(1, LAGS + 1) for move in MOVES),
    *(f"res_-{lag}_{outcome}" for lag in range(1, LAGS + 1) for outcome in OUTCOMES),
    *(f"{move}_pts" for move in MOVES),
    *(f"points_-{lag}_{move}" for lag in range(1, LAGS + 1) for move in MOVES),
    *(f"user_tend_{move}" for move in MOVES),
    *(f"tend_{rank}" for rank in RANKS),
    "score_diff",
    "user_pts_to_win",
    "bot_pts_to_win",
    "step_no",
    "rounds_known",
)

CONTRACT = f"{VERSION}:{sha256(','.join((str(VERSION), *NAMES)).encode()).hexdigest()[:16]}"
"""Names the contract; a bundle trained under another is refused."""

FeatureVector = tuple[float, ...]

_ONE_HOT = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
_ZEROS = (0.0, 0.0, 0.0)
_PACKING = Packing(f"<{len(NAMES)}f")

SIZE = _PACKING.size
"""Bytes of a packed vector: little-endian float32."""


def vector(known: Knowledge, values: Values, player_score: int, bot_score: int, round: int) -> FeatureVector:
    """The features before round `round` (from 1), in the order of `NAMES`; point-like ones in points."""
    missing = (_ZEROS,) * (LAGS - len(known.lags))
    total = known.rounds or 1
    return (
        *chain.from_iterable([_ONE_HOT[lag.player] for lag in known.lags]),
        *chain.from_iterable(missing),
        *chain.from_iterable([_ONE_HOT[lag.bot] for lag in known.lags]),
        *chain.from_iterable(missing),
        *chain.from_iterable([_ONE_HOT[lag.outcome] for lag in known.lags]),
        *chain.from_iterable(missing),
        *[values[move] / 10 for move in MOVES],
        *[value / 10 for lag in known.lags for value in lag.values],
        *chain.from_iterable(missing),
        *[count / total for count in known.moves],
        *[count / total for count in known.ranks],
        (player_score - bot_score) / 10,
        (TARGET - player_score) / 10,
        (TARGET - bot_score) / 10,
        float(round),
        log(1 + known.rounds),
    )


def pack(features: FeatureVector) -> bytes:
    """The vector as `SIZE` bytes of little-endian float32, as models take it."""
    return _PACKING.pack(*features)


def unpack(packed: bytes) -> FeatureVector:
    """The float32 numbers of a packed vector."""
    return _PACKING.unpack(packed)


def digest(packed: bytes) -> str:
    """A short name for exactly these bytes, kept in the round log to show that training sees what was served."""
    return blake2b(packed, digest_size=8).hexdigest()
