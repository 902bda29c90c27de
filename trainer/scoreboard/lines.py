"""The scoreboard as text for people."""

from trainer.fitting.table import aligned
from trainer.scoreboard.report import Judged, Record, Report

_HEAD = ("family", "version", "aliases", "rounds", "accuracy", "95 %", "log-loss", "below ln 3", "Brier", "calibration")
_WON = ("family", "version", "played as", "matches", "won", "95 %", "tied")


def lines(found: Report) -> list[str]:
    """The scoreboard as text."""
    kinds = ", ".join(f"{count} of kind {kind}" for kind, count in sorted(found.rounds.items())) or "none yet"
    said = [f"Rounds played up to position {found.position} of the log: {kinds}. {found.faults} rows are left out."]
    if found.versions or found.baselines:
        said += ["", *aligned([_HEAD, *map(_cells, (*found.versions, *found.baselines))])]
    if found.matches:
        said += ["", *aligned([_WON, *map(_won_cells, found.matches)])]
    return said


def _cells(one: Judged) -> tuple[str, ...]:
    return (
        one.family or "baseline", one.version, ", ".join(one.aliases), str(one.rounds), f"{one.accuracy:.4f}",
        _interval(one.accuracy_interval), f"{one.log_loss:.4f}", f"{one.below_ln3:+.4f}", f"{one.brier:.4f}",
        f"{one.calibration_error:.4f}",
    )  # fmt: skip


def _won_cells(one: Record) -> tuple[str, ...]:
    share, interval = f"{one.won:.4f}", _interval(one.won_interval)
    return one.family, one.version, str(one.arm), str(one.matches), share, interval, str(one.tied)


def _interval(ends: tuple[float, float]) -> str:
    return f"{ends[0]:.3f}-{ends[1]:.3f}"
