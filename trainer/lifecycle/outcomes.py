"""Ended matches as evidence: who played them, what they were worth to the bot, and what all versions foretold."""

import logging
import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from msgspec import MsgspecError, Struct

from game import records
from game.assignment import Arm
from game.errors import CorruptRecord
from game.fold import rebuild
from game.moves import INDEX
from game.records import Closed, Prediction, Sealed, Source
from game.state import NO_MODEL, Match
from trainer.lifecycle.promotion import worth

log = logging.getLogger(__name__)

EXPERIENCE = ((50, "first 50 rounds"), (500, "rounds 50 to 500"))
"""Players by the rounds known of them when the match began: the models know little, something, or much of them."""
SEASONED = "after 500 rounds"


class Foretold(NamedTuple):
    """What one version said of one throw: its probability, and its share of a hit (ties for the likeliest share)."""

    probability: float
    hit: float


class Outcome(Struct, frozen=True):
    """An ended match. `version` played it from the opening to the end; None where a swap or the control arm did.

    `worth` is what it was worth to the bot, None where it does not count (`trainer.lifecycle.promotion.worth`).
    `foretold` has a row for each played round: what each version that was asked had said of the throw.
    """

    position: int
    match: str
    family: str
    version: str | None
    control: bool
    worth: float | None
    kind: str
    experience: str
    rounds: tuple[dict[str, Foretold], ...]


def since(connection: sqlite3.Connection, position: int, most: int) -> list[tuple[int, str]]:
    """(position, match) of the next matches that ended after this position."""
    sql = "SELECT position, match FROM log WHERE kind = 'closed' AND position > ? ORDER BY position LIMIT ?"
    return [(int(at), bytes(match).decode()) for at, match in connection.execute(sql, (position, most))]


def read(connection: sqlite3.Connection, position: int, most: int) -> Iterator[Outcome]:
    """The next ended matches; one that cannot be read is told of and left out."""
    for at, match in since(connection, position, most):
        bodies = connection.execute("SELECT body FROM log WHERE match = ? ORDER BY position", (match,))
        try:
            yield of(at, rebuild([records.decode(body) for (body,) in bodies]))
        except (CorruptRecord, MsgspecError, UnicodeDecodeError, KeyError) as error:
            log.warning("Match %s is no evidence, its record is damaged: %s", match, error)


def of(position: int, match: Match) -> Outcome:
    """The outcome of an ended match."""
    closed = match.closed
    assert closed is not None
    opened = match.opened
    control = opened.alias is Arm.CONTROL
    return Outcome(
        position=position,
        match=match.id,
        family=opened.family,
        version=None if control else _version([round.sealed for round in match.rounds], closed),
        control=control,
        worth=worth(closed),
        kind=str(opened.player_kind),
        experience=_experience(opened.known.rounds),
        rounds=tuple(_foretold(round.sealed, INDEX[round.played.player_move]) for round in match.rounds),
    )


def _version(sealed: list[Sealed], closed: Closed) -> str | None:
    """The one version that played; who swaps in the middle of a match has won or lost nothing by it."""
    versions = {one.version for one in sealed if one.version != NO_MODEL} | {closed.version}
    played = any(one.source is Source.MODEL for one in sealed)
    return closed.version if played and len(versions) == 1 else None


def _foretold(sealed: Sealed, thrown: int) -> dict[str, Foretold]:
    return {one.version: _said(one, thrown) for one in sealed.predictions.values()}


def _said(prediction: Prediction, thrown: int) -> Foretold:
    most = max(prediction.probabilities)
    hit = prediction.probabilities[thrown] == most
    return Foretold(prediction.probabilities[thrown], hit / prediction.probabilities.count(most))


def _experience(rounds: int) -> str:
    return next((name for limit, name in EXPERIENCE if rounds < limit), SEASONED)
