"""Rows of the log folded into what they add to the standings. Pure: who has the same rows gets the same sums."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import MsgspecError, Struct

from game import records
from game.records import Closed, Opened, PlayerKind, Reason, Winner
from server.ports import Entry

log = logging.getLogger(__name__)

Version = tuple[str, str, str]
"""(opponent, version, alias)."""


class Seat(Struct, frozen=True):
    """A live match: who plays whom in it."""

    match: str
    player: str
    human: bool
    opponent: str
    alias: str


class Tally(Struct, frozen=True):
    """Matches by the player's outcome, and the points (tenths) that the player made in them."""

    wins: int = 0
    losses: int = 0
    ties: int = 0
    points: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.wins + other.wins, self.losses + other.losses, self.ties + other.ties, self.points + other.points
        )


class Deltas(Struct, frozen=True):
    """What some rows change: matches that are live after them, those that were live before, and sums to add."""

    seated: Sequence[Seat]
    left: Sequence[str]
    players: Mapping[str, Tally]
    versions: Mapping[Version, Tally]
    matches: int
    rounds: int


def ended(entries: Iterable[Entry]) -> list[str]:
    """The matches that end in these rows: `fold` must be told their seats, where they began earlier."""
    return [entry.match for entry in entries if entry.kind == "closed"]


def fold(entries: Iterable[Entry], live: Mapping[str, Seat]) -> Deltas:
    """What these rows, in the order of the log, add. `live` are the seats of matches that began before and end here.

    A row that cannot be read adds nothing, nor does the end of a match whose beginning could not be read.
    """
    seats, left, matches, rounds = dict(live), set[str](), 0, 0
    players: dict[str, Tally] = {}
    versions: dict[Version, Tally] = {}
    for record in _ends(entries):
        if isinstance(record, Opened):
            seats[record.match] = _seat(record)
            continue
        if (seat := seats.pop(record.match, None)) is None:
            continue
        left.add(record.match)
        matches, rounds = matches + 1, rounds + record.round - 1
        won = _tally(record)
        if record.reason is not Reason.VOID and seat.human:
            players[seat.player] = players.get(seat.player, Tally()) + won
        if record.reason is Reason.TARGET:
            version = seat.opponent, record.version, seat.alias
            versions[version] = versions.get(version, Tally()) + won
    seated = [seat for match, seat in seats.items() if match not in live]
    return Deltas(seated, sorted(left & live.keys()), players, versions, matches, rounds)


def _ends(entries: Iterable[Entry]) -> Iterator[Opened | Closed]:
    """What began and ended matches among these rows."""
    for entry in entries:
        if entry.kind not in ("opened", "closed"):
            continue
        try:
            record = records.decode(entry.body)
        except MsgspecError as error:
            log.warning("Row %d of the log counts for nothing, since it cannot be read: %s", entry.position, error)
            continue
        if isinstance(record, Opened | Closed):
            yield record


def _seat(opened: Opened) -> Seat:
    human = opened.player_kind is PlayerKind.HUMAN
    return Seat(opened.match, opened.player, human, opened.opponent, opened.alias.value)


def _tally(closed: Closed) -> Tally:
    """One match."""
    winner = closed.winner
    return Tally(winner is Winner.PLAYER, winner is Winner.BOT, winner is Winner.TIE, closed.scores.player)
