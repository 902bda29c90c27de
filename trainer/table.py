"""The table of bundles for people: what serves under each alias, and how it did on players it never met."""

from collections.abc import Iterator

from msgspec import Struct

from game.assignment import Alias
from models.bundle import Scores
from models.store import Store

_HEAD = ("family", "alias", "version", "accuracy", "95 %", "log-loss", "95 %", "kB", "configuration")


class Entry(Struct, frozen=True):
    """One alias and the bundle it means now."""

    family: str
    alias: Alias
    version: str
    size: int
    configuration: dict[str, float | int | str | list[int]]
    metrics: Scores
    baselines: dict[str, Scores]


def entries(store: Store) -> list[Entry]:
    """Every alias of the table, families by name; raises StoreError and BundleError."""
    found = []
    for family, pins in sorted(store.table().aliases.items()):
        for alias in Alias:
            if alias in pins:
                bundle = store.bundle(pins[alias])
                told = bundle.manifest
                found.append(
                    Entry(
                        family, alias, told.version, len(bundle.model), told.configuration, told.metrics, told.baselines
                    )
                )
    return found


def lines(table: list[Entry]) -> list[str]:
    """The table as text, with each distinct set of baselines below."""
    rows = [_HEAD, *(_row(entry) for entry in table)]
    rows += [("", "baseline", name, *_cells(scores), "", "") for name, scores in _baselines(table)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _row(entry: Entry) -> tuple[str, ...]:
    size, name = f"{entry.size / 1000:.0f}", str(entry.configuration.get("name", ""))
    return entry.family, entry.alias.value, entry.version, *_cells(entry.metrics), size, name


def _cells(scores: Scores) -> tuple[str, ...]:
    def interval(ends: tuple[float, float]) -> str:
        return f"{ends[0]:.3f}-{ends[1]:.3f}"

    return (
        f"{scores.accuracy:.4f}",
        interval(scores.accuracy_interval),
        f"{scores.log_loss:.4f}",
        interval(scores.log_loss_interval),
    )


def _baselines(table: list[Entry]) -> Iterator[tuple[str, Scores]]:
    """Models fitted together share their baselines: each set is told once."""
    told: list[dict[str, Scores]] = []
    for entry in table:
        if entry.baselines not in told:
            told.append(entry.baselines)
            yield from entry.baselines.items()
