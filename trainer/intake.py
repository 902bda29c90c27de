"""From the round log to columns: records are folded into matches, matches become histories.

The fold is the game's own, so a record that contradicts the rules or its neighbours is found here. Its match is left
out and reported with the record's position; all others are read.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from msgspec import MsgspecError, Struct

from game import records
from game.errors import CorruptRecord
from game.fold import apply, begin
from game.knowledge import LAGS, Knowledge
from game.moves import INDEX, MOVES
from game.records import Opened
from game.state import Match
from trainer.columns import UNPLAYED, Known, Rounds
from trainer.log import Entry


class Fault(Struct, frozen=True):
    """A record that cannot be used, and with it its match."""

    position: int
    match: str
    reason: str


def fold(entries: Iterable[Entry], faults: list[Fault]) -> Iterator[Match]:
    """The matches, each when it closes, then those still open; what is wrong is added to `faults`."""
    live: dict[str, Match] = {}
    refused: set[str] = set()
    for position, id, body in entries:
        if id in refused:
            continue
        try:
            match = _next(live.get(id), id, body)
        except (CorruptRecord, MsgspecError, UnicodeDecodeError, TypeError) as error:
            faults.append(Fault(position, id, str(error)))
            refused.add(id)
            live.pop(id, None)
            continue
        live[id] = match
        if match.closed is not None:
            yield live.pop(id)
    yield from live.values()


def _next(match: Match | None, id: str, body: bytes) -> Match:
    record = records.decode(body)
    if match is not None:
        return apply(match, record)
    if not isinstance(record, Opened) or record.match != id or not _sound(record.known):
        raise CorruptRecord(f"A record '{type(record).__name__}' of match {record.match} cannot begin match {id}.")
    return begin(record)


def _sound(known: Knowledge) -> bool:
    return len(known.lags) <= LAGS and all({lag.player, lag.bot} <= set(range(len(MOVES))) for lag in known.lags)


@dataclass(frozen=True, slots=True, eq=False)
class Intake:
    """What was read: rounds with one history for each match that has any, in the order of opening; names of both."""

    rounds: Rounds
    players: list[str]
    matches: list[str]


def histories(matches: Iterable[Match]) -> Intake:
    """The matches as columns; a round that was sealed and never played is the last of its history."""
    columned = ((match.opened, list(_columns(match))) for match in matches)
    read = sorted(((opened, columns) for opened, columns in columned if columns), key=lambda one: one[0].at)
    players: dict[str, int] = {}
    owner = [players.setdefault(opened.player, len(players)) for opened, _ in read]
    rows = [row for _, columns in read for row in columns]
    player, bot, values, player_score, bot_score, step = zip(*rows, strict=True) if rows else ((),) * 6
    lengths = [len(columns) for _, columns in read]
    return Intake(
        rounds=Rounds(
            player=np.array(player, np.int8),
            bot=np.array(bot, np.int8),
            values=np.array(values, np.int16).reshape(-1, 3),
            player_score=np.array(player_score, np.int16),
            bot_score=np.array(bot_score, np.int16),
            step=np.array(step, np.int32),
            starts=np.cumsum([0, *lengths])[:-1],
            owner=np.array(owner, np.int32),
            known=Known.of([opened.known for opened, _ in read]),
        ),
        players=list(players),
        matches=[opened.match for opened, _ in read],
    )


_Row = tuple[int, int, tuple[int, ...], int, int, int]


def _columns(match: Match) -> Iterator[_Row]:
    to_player = to_bot = 0
    for round in match.rounds:
        sealed, played = round.sealed, round.played
        values = tuple(sealed.values[move] for move in MOVES)
        yield INDEX[played.player_move], INDEX[played.bot_move], values, to_player, to_bot, sealed.round
        to_player, to_bot = played.scores.player, played.scores.bot
    if match.sealed is not None:
        values = tuple(match.sealed.values[move] for move in MOVES)
        yield UNPLAYED, INDEX[match.sealed.move], values, to_player, to_bot, match.sealed.round
