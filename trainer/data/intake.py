"""From the round log to columns: records are folded into matches, matches become histories.

The fold is the game's own, so a record that contradicts the rules or its neighbours is found here. Its match is left
out and reported with the record's position; all others are read.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from msgspec import MsgspecError, Struct, structs

from game import records
from game.errors import CorruptRecord
from game.fold import apply, begin
from game.knowledge import LAGS, Knowledge, Lag
from game.moves import INDEX, MOVES
from game.past import begun, is_past
from game.points import TARGET
from game.records import Opened
from game.state import Match
from trainer.data.columns import UNPLAYED, Ints, Known, Rounds, join, pick, rows_of
from trainer.data.log import Entry

UNTIMED = -1
"""Stands for the time of a throw that never came, or that a clock put back made negative."""
_LONGEST_MS = 2**31 - 1
_MOST_ROUNDS = 10**7
"""More than a person plays in a life."""
_LATEST = 2**53
_AT_ONCE = 500
"""Matches that are Python's objects at a time."""


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
    if not isinstance(record, Opened) or record.match != id:
        raise CorruptRecord(f"A record '{type(record).__name__}' of match {record.match} cannot begin match {id}.")
    if not _sound(record.known) or not 0 <= record.at < _LATEST:
        raise CorruptRecord(f"The opening of match {id} tells of the player or of the time what cannot be.")
    return begin(record)


def _sound(known: Knowledge) -> bool:
    """Whether counts and lags agree with each other, and the past is one; anything else would be learned as it is."""
    return (
        0 <= known.rounds <= _MOST_ROUNDS
        and all(sum(counts) == known.rounds and min(counts) >= 0 for counts in (known.moves, known.ranks))
        and len(known.lags) == min(known.rounds, LAGS)
        and all(map(_possible, known.lags))
        and is_past(known.past)
    )


def _possible(lag: Lag) -> bool:
    moves = range(len(MOVES))
    agree = lag.player in moves and lag.bot in moves and lag.outcome == (lag.player - lag.bot - 1) % 3
    return agree and all(0 < value < TARGET for value in lag.values)


@dataclass(frozen=True, slots=True, eq=False)
class Intake:
    """What was read: rounds with one history for each match that has any, in the order of opening.

    `players` and `matches` are names, `kinds` and `opened_at` (milliseconds since 1970) are by match. `took` is by
    round: the milliseconds from its opening to the throw, or UNTIMED.
    """

    rounds: Rounds
    players: list[str]
    matches: list[str]
    kinds: list[str]
    opened_at: Ints
    took: Ints


def gather(matches: Iterable[Match]) -> Intake:
    """Any number of matches as columns; never more than a few thousand of them are objects at a time."""
    matches = iter(matches)
    parts = [_read([])]
    while some := list(islice(matches, _AT_ONCE)):
        parts.append(_read(some))
    return ordered(parts)


def chosen(intake: Intake, kept: Ints) -> Intake:
    """These matches alone, in this order; players keep their numbers."""
    return Intake(
        rounds=pick(intake.rounds, kept),
        players=intake.players,
        matches=[intake.matches[history] for history in kept],
        kinds=[intake.kinds[history] for history in kept],
        opened_at=intake.opened_at[kept],
        took=intake.took[rows_of(intake.rounds, kept)],
    )


def histories(matches: Iterable[Match]) -> Intake:
    """The matches as columns; a round that was sealed and never played is the last of its history."""
    return ordered([_read(list(matches))])


def ordered(parts: Sequence[Intake]) -> Intake:
    """All parts as one, in the order of opening; players are numbered as they come."""
    joined = join([part.rounds for part in parts])
    names = np.array([name for part in parts for name in part.matches], np.str_)
    opened_at = np.concatenate([part.opened_at for part in parts])
    order = np.lexsort([names, opened_at])
    by_match = [part.players[owner] for part in parts for owner in part.rounds.owner]
    kinds = [kind for part in parts for kind in part.kinds]
    players: dict[str, int] = {}
    owner = [players.setdefault(by_match[match], len(players)) for match in order]
    return Intake(
        rounds=replace(pick(joined, order), owner=np.array(owner, np.int32)),
        players=list(players),
        matches=names[order].tolist(),
        kinds=[kinds[match] for match in order],
        opened_at=opened_at[order],
        took=np.concatenate([part.took for part in parts])[rows_of(joined, order)],
    )


def _read(matches: Sequence[Match]) -> Intake:
    """The matches that have any round, in the order given."""
    read = [(match.opened, columns) for match in matches if (columns := list(_columns(match)))]
    players: dict[str, int] = {}
    owner = [players.setdefault(opened.player, len(players)) for opened, _ in read]
    rows = [row for _, columns in read for row in columns]
    player, bot, values, player_score, bot_score, step, took = zip(*rows, strict=True) if rows else ((),) * 7
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
            known=Known.of([_remembered(opened.known) for opened, _ in read]),
        ),
        players=list(players),
        matches=[opened.match for opened, _ in read],
        kinds=[opened.player_kind.value for opened, _ in read],
        opened_at=np.array([opened.at for opened, _ in read], np.int64),
        took=np.array(took, np.int32),
    )


def _remembered(known: Knowledge) -> Knowledge:
    """With as much of the past as the match's models were told."""
    return structs.replace(known, past=begun(known.past))


_Row = tuple[int, int, tuple[int, ...], int, int, int, int]


def _columns(match: Match) -> Iterator[_Row]:
    to_player = to_bot = 0
    for round in match.rounds:
        sealed, played = round.sealed, round.played
        values = tuple(sealed.values[move] for move in MOVES)
        took = min(max(played.at - sealed.at, UNTIMED), _LONGEST_MS)
        yield INDEX[played.player_move], INDEX[played.bot_move], values, to_player, to_bot, sealed.round, took
        to_player, to_bot = played.scores.player, played.scores.bot
    if match.sealed is not None:
        values = tuple(match.sealed.values[move] for move in MOVES)
        yield UNPLAYED, INDEX[match.sealed.move], values, to_player, to_bot, match.sealed.round, UNTIMED
