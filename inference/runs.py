"""How often each predictor has run since the process began, and for how long: totals that outlive the loaded models.

A model takes its tally with it when another version takes its place. What it had counted by then stays here, and goes
on where the same version is loaded again.
"""

from collections.abc import Iterable, Iterator
from threading import Lock

from inference.loaded import Loaded
from inference.tally import Done, Tally
from telemetry.tallies import Reading

MOST = 100
"""Versions that are told; beyond them those are forgotten that have not served for the longest time."""
_Version = tuple[str, str]


class Runs:
    """Told of every shelf on the loop, and read in the thread that collects."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._versions: dict[_Version, tuple[Done, Tally]] = {}
        """What the version had done when it was last loaded anew, and what it counts now; served last, last."""

    def serving(self, models: Iterable[Loaded]) -> None:
        """These are the models that serve from now on."""
        with self._lock:
            serving = 0
            for model in dict.fromkeys(models):
                serving += 1
                version = model.family, model.version
                before, tally = self._versions.pop(version, (Done(), model.tally))
                if tally is not model.tally:
                    before = before.and_then(tally.done())
                self._versions[version] = before, model.tally
            for version in list(self._versions)[: -max(serving, MOST)]:
                del self._versions[version]

    def counts(self) -> Iterator[Reading]:
        """Runs by family, version and result."""
        for (family, version), done in self._done():
            yield (family, version, "ok"), done.runs
            yield (family, version, "failed"), done.failed

    def seconds(self) -> Iterator[Reading]:
        """What the runtime took for them, by family and version."""
        for version, done in self._done():
            yield version, (done.ns + done.failed_ns) / 1e9

    def _done(self) -> list[tuple[_Version, Done]]:
        with self._lock:
            return [(version, before.and_then(tally.done())) for version, (before, tally) in self._versions.items()]
