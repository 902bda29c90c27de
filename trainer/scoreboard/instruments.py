"""The scoreboard's metrics. All but drift are totals of the log, which survive a restart as they are."""

from collections.abc import Callable

from telemetry.tallies import Tallies
from trainer.scoreboard.shown import Shown

_ALIAS = ("family", "alias", "version")
_BIN = ("family", "version", "bin")
_MATCH = ("family", "version", "arm", "winner")


def measure(tallies: Tallies, board: Callable[[], Shown]) -> None:
    """Add them; `board` is called by whoever collects."""
    total, gauge = tallies.total, tallies.gauge
    total("rps.log.rounds", "{round}", "Played rounds in the log.", "player_kind", read=lambda: board().rounds)
    about = "What each alias expected of a throw that then came."
    total("rps.model.predictions", "{prediction}", about, *_ALIAS, "correct", read=lambda: board().predictions)
    about = "Summed -ln of the probability of what was thrown."
    total("rps.model.log_loss", "{nat}", about, *_ALIAS, read=lambda: board().log_loss)
    about = "Summed squared distance of the probabilities from what was thrown."
    total("rps.model.brier", "{score}", about, *_ALIAS, read=lambda: board().brier)
    about = "Probabilities that a version gave to moves, by size: the bin's upper edge."
    total("rps.calibration.predictions", "{prediction}", about, *_BIN, read=lambda: board().calibrated)
    total("rps.calibration.confidence", "{probability}", "Their sum.", *_BIN, read=lambda: board().confidence)
    total("rps.calibration.hits", "{throw}", "How many of these moves were thrown.", *_BIN, read=lambda: board().hits)
    about = "Matches that reached the target, by the version that played them."
    total("rps.model.matches", "{match}", about, *_MATCH, read=lambda: board().matches)
    about = "Population stability index of recent rounds against the reference."
    gauge("rps.drift.psi", "{psi}", about, "group", read=lambda: board().psi)
    gauge("rps.drift.rounds", "{round}", "Rounds in both windows.", "window", read=lambda: board().windows)
