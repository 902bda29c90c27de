"""Is everything that players were told in the log, once and unchanged? Asked from outside, of the database itself.

Nothing here is of the server's: rows are read by SQL, the stream by a consumer of its own, and what the server counts
is counted again from the rows.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from bench.book import Book, Kept, Row
from bench.told import Told
from game.fairness import commitment, opens
from game.records import Closed, Opened, Played, Reason, Record, Sealed, Winner
from game.state import Match
from game.wire import Round

_TOLD = 20
"""Faults of one kind that are told."""


class Check(Struct, frozen=True):
    """What was looked at, how many of them, and what is wrong with how many; the first of those are told."""

    what: str
    looked_at: int
    wrong: int
    faults: list[str]


def check(what: str, looked_at: int, faults: Iterable[str]) -> Check:
    found = list(faults)
    return Check(what, looked_at, len(found), found[:_TOLD])


def log(book: Book) -> list[Check]:
    """What must hold of the log alone."""
    numbers = enumerate((row.position for row in book.rows), start=1)
    keys = Counter((row.match, row.round, row.kind) for row in book.rows)
    sealed = [one for found in book.records.values() for one in found if isinstance(one, Sealed)]
    return [
        check(
            "rows numbered without a gap",
            len(book.rows),
            (f"Row {number} has the position {position}." for number, position in numbers if number != position),
        ),
        check(
            "one record of a kind in a round",
            len(keys),
            (
                f"{match} has {number} records '{kind}' of round {round}."
                for (match, round, kind), number in keys.items()
                if number > 1
            ),
        ),
        check("matches that follow the rules", len(book.records), book.broken),
        check(
            "matches that have ended",
            len(book.matches),
            (f"Match {id} has not ended." for id, match in book.matches.items() if match.closed is None),
        ),
        check("seals that hold the bot's move", len(sealed), _seals(sealed)),
    ]


def _seals(sealed: Iterable[Sealed]) -> Iterator[str]:
    for one in sealed:
        reveal = opens(one.reveal, commitment(one.reveal))
        if reveal is None or (reveal.match, reveal.round, reveal.move) != (one.match, one.round, one.move):
            yield f"The seal of round {one.round} of match {one.match} is of something else."


def acknowledged(book: Book, told: Sequence[Told]) -> list[Check]:
    """Everything that players were told stands in the log, once and unchanged."""
    faults = {"rounds": [], "seals": [], "ends": []}  # type: dict[str, list[str]]
    rounds = seals = 0
    for match in told:
        if match.match is None:
            continue
        found = book.records.get(match.match, [])
        played = {one.round: one for one in found if isinstance(one, Played)}
        sealed = {one.round: one for one in found if isinstance(one, Sealed)}
        for result in match.results():
            rounds += 1
            one, reveal = played.get(result.round), sealed.get(result.round)
            want = result.player_move, result.bot_move, result.outcome, result.gained, result.scores, result.reveal
            have = one and (
                one.player_move,
                one.bot_move,
                one.outcome,
                one.gained,
                one.scores,
                reveal and reveal.reveal,
            )
            if have != want:
                faults["rounds"].append(f"Round {result.round} of match {match.match} was told and is not in the log.")
        for message in match.messages.values():
            if isinstance(message, Round):
                seals += 1
                reveal = sealed.get(message.round)
                if reveal is None or commitment(reveal.reveal) != message.commitment:
                    faults["seals"].append(f"Round {message.round} of match {match.match} was sealed otherwise.")
        faults["ends"] += _end(match, found)
    return [
        check("acknowledged rounds in the log, unchanged", rounds, faults["rounds"]),
        check("commitments that were told, in the log", seals, faults["seals"]),
        check("ends of matches that were told, in the log", sum(one.over is not None for one in told), faults["ends"]),
    ]


def _end(told: Told, found: Sequence[Record]) -> Iterator[str]:
    if told.over is None:
        return
    closed = found[-1] if found else None
    want = told.over.winner, told.over.reason, told.over.scores
    if not isinstance(closed, Closed) or (closed.winner, closed.reason, closed.scores) != want:
        yield f"Match {told.match} was told to have ended otherwise than the log says."


def streamed(rows: Sequence[Row], stream: Sequence[Row]) -> Check:
    """The stream is the log, row by row and in its order."""
    faults = [f"The log has {len(rows)} rows, the stream {len(stream)}."] if len(rows) != len(stream) else []
    pairs = zip(rows, stream, strict=False)
    faults += [f"Message {row.position} is not row {row.position}." for row, message in pairs if row != message]
    return check("messages of the stream that are the log's rows", len(rows), faults)


def projected(book: Book, kept: Sequence[Kept]) -> Check:
    """The table `matches` is what the log says."""
    expected = {id: _kept(match) for id, match in book.matches.items()}
    found = {one.id: one for one in kept}
    wrong = [id for id in expected.keys() | found.keys() if expected.get(id) != found.get(id)]
    return check("matches counted as the log has them", len(found), (f"{id}: {found.get(id)}" for id in wrong))


def _kept(match: Match) -> Kept:
    opened, closed = match.opened, match.closed
    start = opened.match, opened.player, opened.opponent, opened.alias.value
    if closed is None:
        return Kept(*start, None, None, None, None, None)
    rounds, score = closed.round - 1, closed.scores.player
    return Kept(*start, closed.winner.value, closed.reason.value, rounds, score, closed.version)


def statistics(book: Book, told: Mapping[str, Any]) -> list[Check]:
    """`/api/stats` tells what counting the log again comes to."""
    closed = [(match.opened, match.closed) for match in book.matches.values() if match.closed is not None]
    totals = {
        "matches": len(closed),
        "live": len(book.matches) - len(closed),
        "rounds": sum(end.round - 1 for _, end in closed),
    }
    off = [f"{name}: told {told['totals'][name]}, {number} in the log" for name, number in totals.items()
           if told["totals"][name] != number]  # fmt: skip
    counted = _served(closed)
    rows = {
        (row["opponent"], row["version"], row["alias"]): (row["matches"], row["wins"], row["ties"])
        for row in told["served"]
    }
    wrong = [key for key in counted.keys() | rows.keys() if counted.get(key) != rows.get(key)]
    return [
        check("totals that the server tells", len(totals), off),
        check(
            "versions' records that the server tells",
            len(counted),
            (f"{' '.join(key)}: told {rows.get(key)}, counted {counted.get(key)}" for key in wrong),
        ),
    ]


def _served(closed: Iterable[tuple[Opened, Closed]]) -> dict[tuple[str, str, str], tuple[int, int, int]]:
    found: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for opened, end in closed:
        if end.reason is Reason.TARGET:
            row = found[opened.opponent, end.version, opened.alias.value]
            row[0] += 1
            row[1] += end.winner is Winner.BOT
            row[2] += end.winner is Winner.TIE
    return {key: (matches, wins, ties) for key, (matches, wins, ties) in found.items()}
