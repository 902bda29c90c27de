"""What the totals say to whoever collects metrics: readings by family, version, alias and arm.

Every version is told that holds an alias now or has spoken within a week of the log's own time, and of a family no more
than `MOST`, the latest: a metric's series cost something for ever. The totals themselves forget nobody.
"""

from collections.abc import Collection, Iterator, Mapping

from msgspec import Struct

from game.state import NO_MODEL
from telemetry.tallies import Reading
from trainer.scoreboard.drift import measured
from trainer.scoreboard.totals import EDGES, Score, Standing, Totals

WEEK_MS = 7 * 24 * 3600 * 1000
MOST = 12

Readings = tuple[Reading, ...]


class Shown(Struct, frozen=True):
    """Readings of the metrics that come from the log, by the last words of their names; nothing before the first."""

    rounds: Readings = ()
    predictions: Readings = ()
    log_loss: Readings = ()
    brier: Readings = ()
    calibrated: Readings = ()
    confidence: Readings = ()
    hits: Readings = ()
    matches: Readings = ()
    psi: Readings = ()
    windows: Readings = ()


def shown(totals: Totals, held: Mapping[str, Collection[str]], learned: int) -> Shown:
    """The readings now; `held` are the versions that have an alias, by family, `learned` is `drift.measured`'s."""
    told = list(_told(totals, held))
    scores = [((family, str(alias), version), one) for family, version, alias, one in _scores(told)]
    bins = [
        ((family, version, str(edge)), bin)
        for family, version, standing in told
        if standing.score.predictions
        for edge, bin in zip(EDGES, standing.bins, strict=True)
    ]
    drift = measured(totals.windows, learned)
    return Shown(
        rounds=tuple(((str(kind),), count) for kind, count in totals.rounds.items()),
        predictions=tuple(
            ((*labels, right), one.hits if right else one.predictions - one.hits)
            for labels, one in scores
            for right in (True, False)
        ),
        log_loss=tuple((labels, one.log_loss) for labels, one in scores),
        brier=tuple((labels, one.brier) for labels, one in scores),
        calibrated=tuple((labels, bin.predictions) for labels, bin in bins),
        confidence=tuple((labels, bin.confidence) for labels, bin in bins),
        hits=tuple((labels, bin.hits) for labels, bin in bins),
        matches=tuple(_matches(told)),
        psi=tuple(((group,), index) for group, index in drift.psi.items()),
        windows=((("recent",), drift.recent), (("reference",), drift.reference)),
    )


_Told = tuple[str, str, Standing]


def _told(totals: Totals, held: Mapping[str, Collection[str]]) -> Iterator[_Told]:
    for family, versions in totals.families.items():
        kept = {*held.get(family, ()), NO_MODEL}
        recent = sorted(versions, key=lambda version: (version in kept, versions[version].at), reverse=True)[:MOST]
        for version in recent:
            if version in kept or totals.at - versions[version].at <= WEEK_MS:
                yield family, version, versions[version]


def _scores(told: list[_Told]) -> Iterator[tuple[str, str, str, Score]]:
    for family, version, standing in told:
        for alias, score in standing.aliases.items():
            yield family, version, str(alias), score


def _matches(told: list[_Told]) -> Iterator[Reading]:
    for family, version, standing in told:
        for arm, won in standing.matches.items():
            for winner, count in won.items():
                yield (family, version, str(arm), str(winner)), count
