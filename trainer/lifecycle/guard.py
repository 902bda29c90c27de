"""The guard: what makes a version unfit to serve at all, whatever it wins; it is taken out at once.

- The sidecar refuses its bundle, so that the alias means something else than the ledger says.
- It fails: it answers with an error or with what is no distribution.
- It is slow: every round of its family waits for all four aliases.
- Since it came, rounds of its family go unanswered while those of other families are answered.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from game.assignment import Alias
from game.gambits import LENGTH
from trainer.lifecycle.decisions import Change, Move
from trainer.lifecycle.ledger import Entry, Kind, Places
from trainer.lifecycle.sidecar import Loaded, Statistics

FAILURES = 3
"""Failed inferences that expel a version: one might be the sidecar's own trouble, three of one model are not."""
SLOW_NS = 2_000_000
"""Mean nanoseconds of processor time of a prediction that are too many: a round waits 40 ms for all four aliases
together, and others may be asked for in the same batch. Shipped models take 20,000 to 100,000."""
SETTLED = 20
"""Predictions before the mean is judged: the first ones of a session are slow."""
PROBATION = 3000
"""Rounds of all families after which a version that came is no longer suspected of rounds that go unanswered."""
LEAST_ROUNDS = 30
UNANSWERED = 0.1
"""The share of unanswered rounds that is too many; undisturbed it is below .001."""


class Answered(Struct, frozen=True):
    """Rounds of one family since a position, and those for which no model answered in time."""

    rounds: int
    unanswered: int

    @property
    def share(self) -> float:
        return self.unanswered / self.rounds if self.rounds else 0.0


def refused(aliases: Places, index: Sequence[Loaded], position: int) -> Iterator[Change]:
    """Expel what the sidecar refuses, as far as the table still wants it."""
    for one in index:
        family, _, alias = one.name.partition(".")
        wanted = aliases.get(family, {}).get(Alias(alias)) if alias in set(Alias) else None
        if one.state != "READY" and wanted is not None and wanted.version == one.version:
            yield _expel(aliases, family, one.version, f"the sidecar refuses it: {one.reason}", position)


def misbehaving(aliases: Places, statistics: Sequence[Statistics], position: int) -> Iterator[Change]:
    """Expel versions that fail or are slow."""
    for one in statistics:
        family = one.name
        if one.version not in {pin.version for pin in aliases.get(family, {}).values()}:
            continue
        good, bad = one.inference_stats.success, one.inference_stats.fail
        if bad.count >= FAILURES:
            yield _expel(aliases, family, one.version, f"{bad.count} of its inferences failed", position)
        elif one.inference_count >= SETTLED and good.ns / one.inference_count > SLOW_NS:
            mean = good.ns / one.inference_count / 1e6
            yield _expel(aliases, family, one.version, f"a prediction takes it {mean:.1f} ms", position)


def unanswered(newcomer: Entry, answered: Mapping[str, Answered], position: int) -> Change | None:
    """Take the last change of a family back if its rounds go unanswered since then and others' do not.

    Where no other family is played there is nothing to tell a bad version from a sidecar in trouble, and none is given.
    """
    here = answered.get(newcomer.family, Answered(0, 0))
    others = [one for family, one in answered.items() if family != newcomer.family]
    elsewhere = Answered(sum(one.rounds for one in others), sum(one.unanswered for one in others))
    enough = min(here.rounds, elsewhere.rounds) >= LEAST_ROUNDS
    if not enough or here.share <= max(UNANSWERED, 3 * elsewhere.share):
        return None
    came = [pin for pin in newcomer.after[newcomer.family].values() if pin not in _pins(newcomer.before, newcomer)]
    rose = newcomer.after[newcomer.family][Alias.PRODUCTION]
    suspect = came[0] if came else rose
    reason = f"{here.unanswered} of {here.rounds} rounds went unanswered since it came"
    return _expel(newcomer.after, newcomer.family, suspect.version, reason, position)


def count_answered(connection: sqlite3.Connection, position: int) -> dict[str, Answered]:
    """By family, of the rounds sealed after this position; those of the opening script, in which no model decides and a
    reader may still be reading up on the player, do not count.
    """
    sql = (
        "SELECT matches.opponent, count(*), sum(log.body ->> '$.predictions' = '{}') "
        "FROM log JOIN matches ON matches.id = log.match "
        "WHERE log.kind = 'sealed' AND log.position > ? AND log.round > ? GROUP BY matches.opponent"
    )
    found: dict[str, Answered] = {}
    for opponent, rounds, without in connection.execute(sql, (position, LENGTH)):
        family = opponent.decode() if isinstance(opponent, bytes) else str(opponent)
        found[family] = Answered(int(rounds), int(without))
    return found


def _pins(places: Places, entry: Entry) -> list[object]:
    return list(places.get(entry.family, {}).values())


def _expel(aliases: Places, family: str, version: str, fault: str, position: int) -> Change:
    pins = aliases[family]
    pin = next(one for one in pins.values() if one.version == version)
    serving = pins[Alias.PRODUCTION].version == version
    return Change(
        kind=Kind.ROLLED_BACK if serving else Kind.EXPELLED,
        family=family,
        by="guard",
        reason=f"{version} is taken out: {fault}",
        position=position,
        moves=(Move(pin, None),),
        evidence={"version": version, "fault": fault},
    )
