"""Watching live play: ended matches go into the comparison, and what it or the guard asks for is decided."""

import logging
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress

from telemetry.traces import NO_TRACES, Traces
from trainer.data import log as rounds
from trainer.data.sessions import counts
from trainer.errors import Overtaken, SidecarUnavailable, Unwanted
from trainer.lifecycle import guard, outcomes
from trainer.lifecycle.compare import Comparison, Weight
from trainer.lifecycle.decisions import Change, Lifecycle
from trainer.lifecycle.ledger import Entry, Kind, Places
from trainer.lifecycle.outcomes import Outcome
from trainer.lifecycle.sidecar import Sidecar

log = logging.getLogger(__name__)

AT_ONCE = 200
"""Matches taken in between two looks at everything else; each takes about a millisecond."""


class Watch:
    """What the daemon knows of live play; made anew from the ledger and the log whenever it starts."""

    def __init__(
        self, rule: str, bot_share: float, sidecar: Sidecar,
        decided: Callable[[Entry], None] = lambda entry: None, traces: Traces = NO_TRACES,
    ) -> None:  # fmt: skip
        """`decided` is told of each entry of the ledger, from the first, in their order."""
        self._comparison = Comparison(rule)
        self._bot_share = bot_share
        self._sidecar = sidecar
        self._tell = decided
        self._traces = traces
        self._read = 0
        """The number of the last entry followed."""
        self._position: int | None = None
        self._began = 0
        """Where the log ended at the first look. Matches up to there were judged by whoever watched before, too."""
        self.behind = 0
        """Positions of the log that were not looked through at the last look."""
        self._newcomers: dict[str, Entry] = {}
        """The last change of each family, while it is new."""

    def look(self, lifecycle: Lifecycle, log_reader: sqlite3.Connection) -> int:
        """Follow new entries, take in ended matches, decide; returns how many matches were taken in."""
        self._follow(lifecycle)
        end = rounds.last_position(log_reader)
        if self._position is None:
            self._position, self._began = self._comparison.begun or 0, end
        taken = 0
        for outcome in outcomes.read(log_reader, self._position, AT_ONCE):
            taken += 1
            self._position = outcome.position
            if counts(outcome.match, outcome.kind, self._bot_share):
                self._judge(lifecycle, outcome)
        self.behind = end - self._position if taken == AT_ONCE else 0
        return taken

    def _judge(self, lifecycle: Lifecycle, outcome: Outcome) -> None:
        """Take in an ended match, and decide what it gives evidence enough for."""
        fresh = outcome.position > self._began
        span = self._traces.match(outcome.match, "judge", rps_family=outcome.family) if fresh else None
        with span or nullcontext():
            self._comparison.observe(outcome)
            while (change := self._comparison.due(outcome.family, outcome.position)) is not None:
                if not self._decided(lifecycle, change):
                    break
                self._follow(lifecycle)

    def told(self) -> list[dict[str, object]]:
        """Every comparison under way."""
        return self._comparison.told()

    def weights(self) -> list[Weight]:
        """How much each of them weighs now."""
        return self._comparison.weights()

    def guard(self, lifecycle: Lifecycle, log_reader: sqlite3.Connection) -> None:
        """Take out what is unfit to serve; without an answer of the sidecar, by the log alone."""
        position = self._position or 0
        for family, newcomer in list(self._newcomers.items()):
            answered = guard.count_answered(log_reader, newcomer.position)
            change = guard.unanswered(newcomer, answered, position)
            if change is not None:
                self._decided(lifecycle, change)
            if change is not None or sum(one.rounds for one in answered.values()) > guard.PROBATION:
                del self._newcomers[family]
        with suppress(SidecarUnavailable):  # whether it is there is for the server's readiness to say
            aliases = lifecycle.settle(position).aliases
            self._first(lifecycle, guard.refused(aliases, self._sidecar.index(), position))
            self._first(lifecycle, guard.misbehaving(aliases, self._sidecar.statistics(), position))
        self._follow(lifecycle)

    def _first(self, lifecycle: Lifecycle, changes: Iterable[Change]) -> None:
        """Decide the first; what it changes may settle the others, and the next look finds them if not."""
        for change in changes:
            self._decided(lifecycle, change)
            return

    def _decided(self, lifecycle: Lifecycle, change: Change) -> bool:
        told = {"rps_family": change.family, "rps_by": change.by, "rps_reason": change.reason}
        span = self._traces.begin("decide", rps_decision=str(change.kind), **told)
        try:
            with span or nullcontext():
                lifecycle.decide(change)
        except (Overtaken, Unwanted) as error:
            log.info("%s: %s", change.family, error)
            return False
        return True

    def _follow(self, lifecycle: Lifecycle) -> None:
        for entry in lifecycle.entries(self._read):
            self._read = entry.number
            self._tell(entry)
            self._comparison.follow(entry)
            if entry.before == entry.after or not entry.family:
                continue
            self._newcomers.pop(entry.family, None)
            if entry.kind in (Kind.ENTERED, Kind.RAISED, Kind.PROMOTED):
                self._newcomers[entry.family] = entry


def expelled(entries: Iterable[Entry], family: str) -> set[str]:
    """Versions of a family that the guard has taken out; they do not come back by themselves."""
    return {str(one.evidence["version"]) for one in entries if one.family == family and one.by == "guard"}


def held(aliases: Places) -> dict[str, set[str]]:
    """The versions that any alias means, by family."""
    return {family: {pin.version for pin in pins.values()} for family, pins in aliases.items()}


def serving(aliases: Places) -> set[str]:
    """All versions that any alias means."""
    return set().union(*held(aliases).values())
