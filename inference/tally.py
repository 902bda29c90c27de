"""What one loaded model version has done: counted beside every run, and gone with the model."""

from threading import Lock

from msgspec import Struct


class Done(Struct, frozen=True):
    """`rows` that got a distribution; runs in which every row did, the others as failed, each with its time."""

    rows: int = 0
    runs: int = 0
    ns: int = 0
    failed: int = 0
    failed_ns: int = 0

    def and_then(self, later: "Done") -> "Done":
        """Both together."""
        return Done(
            self.rows + later.rows,
            self.runs + later.runs,
            self.ns + later.ns,
            self.failed + later.failed,
            self.failed_ns + later.failed_ns,
        )


class Tally:
    """Counts from several threads at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._rows = self._runs = self._ns = self._failed = self._failed_ns = 0

    def add(self, rows: int, sound: int, ns: int) -> None:
        """A run over this many rows, of which so many were sound, took so much processor time in the runtime."""
        with self._lock:
            self._rows += sound
            if sound == rows:
                self._runs += 1
                self._ns += ns
            else:
                self._failed += 1
                self._failed_ns += ns

    def done(self) -> Done:
        """All counts at one moment."""
        with self._lock:
            return Done(self._rows, self._runs, self._ns, self._failed, self._failed_ns)
