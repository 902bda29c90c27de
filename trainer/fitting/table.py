"""The table of bundles for people: what serves under each alias, and how it did on players it never met."""

from collections.abc import Iterator, Sequence

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
    return aligned([*rows, *(("", "baseline", name, *shown, "", "") for name, shown in _baselines(table))])


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of as many cells each as lines, every column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def cells(scores: Scores) -> tuple[str, str, str, str]:
    """Accuracy and log-loss, each with its interval."""

    def interval(ends: tuple[float, float]) -> str:
        return f"{ends[0]:.3f}-{ends[1]:.3f}"

    return (
        f"{scores.accuracy:.4f}",
        interval(scores.accuracy_interval),
        f"{scores.log_loss:.4f}",
        interval(scores.log_loss_interval),
    )


def _row(entry: Entry) -> tuple[str, ...]:
    size, name = f"{entry.size / 1000:.0f}", str(entry.configuration.get("name", ""))
    return entry.family, entry.alias.value, entry.version, *cells(entry.metrics), size, name


def _baselines(table: list[Entry]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Models judged on the same rounds share their baselines: what would look the same is told once."""
    told: list[dict[str, tuple[str, ...]]] = []
    for entry in table:
        shown: dict[str, tuple[str, ...]] = {name: cells(scores) for name, scores in entry.baselines.items()}
        if shown not in told:
            told.append(shown)
            yield from shown.items()
