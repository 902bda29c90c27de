"""One row of the log after the other into totals. What is damaged or cannot follow is left out and counted.

Rows of many matches alternate, so what a throw or an end will need of earlier rows is remembered until then.
"""

from bisect import bisect_left
from math import log

from msgspec import MsgspecError

from game import records
from game.assignment import Arm
from game.errors import CorruptRecord
from game.moves import INDEX, outcome
from game.records import Closed, Opened, Played, Prediction, Reason, Record, Sealed, Source
from game.state import NO_MODEL
from trainer.scoreboard.drift import bins
from trainer.scoreboard.totals import EDGES, Bin, Open, Score, Thrown, Totals, Waiting

LEAST = 1e-6
"""A probability below this counts as this, so that one certain mistake stays finite."""


def take(totals: Totals, position: int, match: str, body: bytes) -> None:
    """The next row, which is of this match."""
    totals.position = position
    try:
        _take(totals, match, records.decode(body))
    except (CorruptRecord, MsgspecError, UnicodeDecodeError, LookupError, ValueError):
        totals.faults += 1  # it changed nothing: all that is wrong with a record is found before it counts


def _take(totals: Totals, match: str, record: Record) -> None:
    if record.match != match:
        raise CorruptRecord(f"A record of match {record.match} cannot stand in match {match}.")
    if isinstance(record, Opened):
        _open(totals, record)
    else:
        under_way = totals.open[match]
        if isinstance(record, Sealed):
            _seal(under_way, record)
        elif isinstance(record, Played):
            _play(totals, under_way, record)
        else:
            _close(totals, under_way, record)
    totals.at = record.at


def _open(totals: Totals, opened: Opened) -> None:
    if opened.match in totals.open:
        raise CorruptRecord(f"Match {opened.match} is open already.")
    totals.open[opened.match] = Open(opened.family, opened.alias, opened.player_kind)


def _seal(under_way: Open, sealed: Sealed) -> None:
    if any(min(one.probabilities) < 0 or max(one.probabilities) > 1 for one in sealed.predictions.values()):
        raise CorruptRecord(f"A prediction of round {sealed.round} is no distribution.")
    under_way.waiting = Waiting(sealed.round, sealed.values, sealed.move, sealed.predictions)
    under_way.modelled = under_way.modelled or sealed.source is Source.MODEL
    if sealed.version != NO_MODEL and sealed.version not in under_way.versions:
        under_way.versions.append(sealed.version)


def _play(totals: Totals, under_way: Open, played: Played) -> None:
    sealed, move = under_way.waiting, INDEX[played.player_move]
    if sealed is None or sealed.round != played.round or sealed.move is not played.bot_move:
        raise CorruptRecord(f"The throw of round {played.round} answers no sealed round.")
    if played.outcome is not outcome(played.player_move, played.bot_move):
        raise CorruptRecord(f"The record of round {played.round} contradicts the rules.")
    last = under_way.last
    follows = last is not None and last.round == played.round - 1
    places = bins(played, sealed.values, last.move if last is not None and follows else None)
    totals.windows.add(totals.position, places)
    totals.rounds[under_way.kind] = totals.rounds.get(under_way.kind, 0) + 1
    _judge(totals, under_way.family, sealed, move, played.at)
    under_way.last, under_way.waiting = Thrown(played.round, move), None


def _judge(totals: Totals, family: str, sealed: Waiting, thrown: int, at: int) -> None:
    """Every version by what it expected of the throw."""
    heard = set()
    for alias, prediction in sealed.predictions.items():
        standing = totals.standing(family, prediction.version)
        standing.at = at
        said = _said(prediction, thrown)
        _add(standing.aliases.setdefault(alias, Score()), said)
        if prediction.version not in heard:
            heard.add(prediction.version)
            _add(standing.score, said)
            _calibrate(standing.bins, prediction, thrown)


def _said(prediction: Prediction, thrown: int) -> tuple[float, float, float]:
    """(share of a hit, log-loss, Brier score)."""
    chances = prediction.probabilities
    chance, most = chances[thrown], max(chances)
    hit = 1 / chances.count(most) if chance == most else 0.0
    first, second, third = chances
    brier = first * first + second * second + third * third - 2 * chance + 1
    return hit, -log(max(chance, LEAST)), brier


def _add(score: Score, said: tuple[float, float, float]) -> None:
    hit, loss, brier = said
    score.predictions += 1
    score.hits += hit
    score.log_loss += loss
    score.brier += brier


def _calibrate(bins: list[Bin], prediction: Prediction, thrown: int) -> None:
    for move, chance in enumerate(prediction.probabilities):
        bin = bins[bisect_left(EDGES, chance)]
        bin.predictions += 1
        bin.confidence += chance
        if move == thrown:
            bin.hits += 1


def _close(totals: Totals, under_way: Open, closed: Closed) -> None:
    del totals.open[closed.match]
    version = _played_by(under_way, closed)
    if closed.reason is Reason.TARGET and version is not None:
        standing = totals.standing(under_way.family, version)
        standing.at = closed.at
        won = standing.matches.setdefault(under_way.arm, {})
        won[closed.winner] = won.get(closed.winner, 0) + 1


def _played_by(under_way: Open, closed: Closed) -> str | None:
    """The one version that played, in a control the equilibrium; a match into which a swap fell is nobody's."""
    if under_way.arm is Arm.CONTROL:
        return NO_MODEL
    alone = {*under_way.versions, closed.version} == {closed.version}
    return closed.version if alone and under_way.modelled else None
