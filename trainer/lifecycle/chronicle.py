"""What the ledger comes to in numbers."""

from collections import Counter

from telemetry.tallies import Reading
from trainer.lifecycle.ledger import Entry, Kind


class Chronicle:
    """Follows the ledger from its first entry. `trained_at` is when a cycle ended last, in milliseconds since 1970."""

    def __init__(self) -> None:
        self._decisions: Counter[tuple[str, str]] = Counter()
        self.trained_at: int | None = None

    def follow(self, entry: Entry) -> None:
        """The next entry."""
        self._decisions[str(entry.kind), entry.family or "all"] += 1
        if entry.kind is Kind.TRAINED:
            self.trained_at = entry.at

    def decisions(self) -> tuple[Reading, ...]:
        """How many entries there are by kind and family."""
        return tuple(self._decisions.items())
