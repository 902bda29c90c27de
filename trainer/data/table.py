"""Columns of rounds as a table that is written to Parquet, and back again, bit for bit.

What belongs to a match stands in each of its rows, but what was known of the player when it began, which stands in the
first one alone. Both throws are indices into `game.moves.MOVES`, scores and values are tenths, times milliseconds. A
round that was sealed and never thrown is its match's last row, without `player_move` and `took_ms`.
"""

from typing import Any

import numpy as np
import pyarrow as pa

from game.knowledge import LAGS
from trainer.data.columns import UNPLAYED, Ints, Known, Rounds
from trainer.data.intake import UNTIMED, Intake, histories

_MATCH = [("match", pa.string()), ("player", pa.string()), ("kind", pa.string()), ("opened_at", pa.int64())]
_ROUND = [
    ("round", pa.int32()),
    ("player_move", pa.int8()),
    ("bot_move", pa.int8()),
    ("rock", pa.int16()),
    ("paper", pa.int16()),
    ("scissors", pa.int16()),
    ("player_score", pa.int16()),
    ("bot_score", pa.int16()),
    ("took_ms", pa.int32()),
]
_KNOWN = [
    ("known_rounds", pa.int64()),
    ("known_moves", pa.list_(pa.int64())),
    ("known_ranks", pa.list_(pa.int64())),
    ("known_player", pa.list_(pa.int8())),
    ("known_bot", pa.list_(pa.int8())),
    ("known_values", pa.list_(pa.int16())),
    ("known_past", pa.binary()),
]
SCHEMA = pa.schema([*_MATCH, *_ROUND, *_KNOWN])
_SHAPES = {"moves": (3,), "ranks": (3,), "player": (LAGS,), "bot": (LAGS,), "values": (LAGS, 3)}
"""Of the known columns that have one."""


def of(intake: Intake) -> Any:
    """The rounds of all matches, one after the other."""
    rounds, history = intake.rounds, pa.array(intake.rounds.history)
    owner = pa.array(intake.players, pa.string()).take(pa.array(rounds.owner))
    matches = {
        "match": pa.array(intake.matches, pa.string()),
        "player": owner,
        "kind": pa.array(intake.kinds, pa.string()),
        "opened_at": pa.array(intake.opened_at),
    }
    first = np.zeros(len(rounds), np.bool_)
    first[rounds.starts] = True
    at_start = pa.array(np.cumsum(first) - 1, mask=~first)  # nothing is taken where there is no first row
    columns = {name: column.take(history) for name, column in matches.items()}
    columns |= {
        "round": rounds.step,
        "player_move": pa.array(rounds.player, mask=~rounds.played),
        "bot_move": rounds.bot,
        **dict(zip(("rock", "paper", "scissors"), np.ascontiguousarray(rounds.values.T), strict=True)),
        "player_score": rounds.player_score,
        "bot_score": rounds.bot_score,
        "took_ms": pa.array(intake.took, mask=intake.took == UNTIMED),
    }
    columns |= {f"known_{name}": column.take(at_start) for name, column in _told(rounds.known).items()}
    return pa.table([pa.array(columns[name]) for name in SCHEMA.names], SCHEMA)


def intake(table: Any) -> Intake:
    """What the table was made of; the players are those in it, numbered as they come."""
    if not len(table):
        return nothing()
    table = table.cast(SCHEMA)
    first = np.asarray(table["known_rounds"].is_valid())
    starts = np.flatnonzero(first)
    begun = table.filter(pa.array(first))
    names = begun["player"].to_pylist()
    players: dict[str, int] = {}
    owner = [players.setdefault(name, len(players)) for name in names]
    rounds = Rounds(
        player=_plain(table["player_move"], UNPLAYED),
        bot=_plain(table["bot_move"]),
        values=np.column_stack([_plain(table[name]) for name in ("rock", "paper", "scissors")]),
        player_score=_plain(table["player_score"]),
        bot_score=_plain(table["bot_score"]),
        step=_plain(table["round"]),
        starts=starts,
        owner=np.array(owner, np.int32),
        known=_known(begun),
    )
    matches, kinds = begun["match"].to_pylist(), begun["kind"].to_pylist()
    took = _plain(table["took_ms"], UNTIMED)
    return Intake(rounds, list(players), matches, kinds, _plain(begun["opened_at"]), took)


def nothing() -> Intake:
    """No match at all."""
    return histories([])


def _told(known: Known) -> dict[str, Any]:
    """A column each of what is known; several numbers of a match are a list."""
    columns = {"rounds": pa.array(known.rounds), "past": pa.array(known.past.tolist(), pa.binary())}
    for name, shape in _SHAPES.items():
        size = int(np.prod(shape))
        flat = np.ascontiguousarray(getattr(known, name)).reshape(-1)
        columns[name] = pa.ListArray.from_arrays(np.arange(0, len(flat) + 1, size, dtype=np.int32), pa.array(flat))
    return columns


def _known(begun: Any) -> Known:
    past = begun["known_past"].to_pylist()
    shaped = {
        name: _plain(begun[f"known_{name}"].combine_chunks().flatten()).reshape(-1, *shape)
        for name, shape in _SHAPES.items()
    }
    return Known(rounds=_plain(begun["known_rounds"]), past=np.array(past, object), **shaped)


def _plain(column: Any, instead: int | None = None) -> Ints:
    """The column in numpy, writable, with this in place of what is missing."""
    return np.array(column if instead is None else column.fill_null(instead))
