"""The dashboard of the models: how well they foretell, and the shadows beside what plays."""

from k8s.boards.board import Row, board, labels, window
from k8s.boards.panels import About, Query, Shown, graph
from k8s.boards.promql import counted, of, told, wilson
from k8s.boards.tables import grid
from k8s.boards.worth import FAMILY, LOOK, TRAINER_SILENT, calibration, serving, winning

LN3 = 1.0986
"""The log-loss of guessing uniformly, in nats."""

_ROUNDS, _LOSS, _BRIER = "rps_model_predictions_total", "rps_model_log_loss_total", "rps_model_brier_total"
_RIGHT = 'correct="true"'
_VERSION, _ALIAS = "family, alias, version", "family, alias"


def models() -> str:
    rows: list[Row] = [
        ("How well they foretell", _foretelling()),
        ("Shadows beside Production, on the same rounds", _shadows()),
        ("How honest their probabilities are", calibration()),
        ("What they win", winning()),
        ("What serves", serving()),
    ]
    about = "How good the models are. A version's figures come from the round log: they survive restarts."
    choices = [labels("family", _ROUNDS), window("1d", "1h", "6h", "7d", "30d")]
    return board("rps-models", "Models", about, rows, choices)


def _foretelling() -> list[Shown]:
    rounds = f"sum by ({_VERSION}) ({told(of(_ROUNDS, FAMILY))})"
    right = counted(told(of(_ROUNDS, FAMILY, _RIGHT)), told(of(_ROUNDS, FAMILY)), _VERSION)
    table = grid(
        "Since the log began",
        _about(
            "Each version under each alias: how often its likeliest move was thrown, with Wilson's 95 % interval, its "
            "mean log-loss and its Brier score. Rounds of one player are alike, so the truth is wider.",
            "a log-loss above ln 3 = 1.0986 is worse than guessing; see whether play has changed (dashboard Drift).",
        ),
        {
            "rounds": Query(rounds),
            "accuracy": Query(f"{right} / {rounds}"),
            "at least": Query(wilson(right, rounds, -1)),
            "at most": Query(wilson(right, rounds, 1)),
            "log-loss": Query(f"sum by ({_VERSION}) ({told(of(_LOSS, FAMILY))}) / {rounds}"),
            "Brier": Query(f"sum by ({_VERSION}) ({told(of(_BRIER, FAMILY))}) / {rounds}"),
        },
        dict.fromkeys(("accuracy", "at least", "at most"), "percentunit"),
    )
    return [
        table,
        graph("Accuracy", _about("How often the likeliest move was thrown, over the time looked back; guessing has a "
              "third.", "it falls for all: play has changed; for one: go back to its version before."), "percentunit",
              Query(_accuracy(), "{{family}} {{alias}}"), lines=[(1 / 3, "red")]),
        graph("Log-loss", _about("The mean of -ln p(thrown), over the time looked back; the line is ln 3, guessing.",
              "above the line the equilibrium plays instead (docs/architecture.md, Trust)."), "none",
              Query(_mean(_LOSS), "{{family}} {{alias}}"), lines=[(LN3, "red")]),
        graph("Brier score", _about("The mean squared distance of the three probabilities from what was thrown; "
              "guessing has 2/3.", "as for log-loss."), "none",
              Query(_mean(_BRIER), "{{family}} {{alias}}"), lines=[(2 / 3, "red")]),
    ]  # fmt: skip


def _shadows() -> list[Shown]:
    production = 'alias="Production"'
    beside = "- on (family) group_left () sum by (family)"
    return [
        graph("Log-loss beside Production", _about("How much more log-loss an alias has than Production: below zero is "
              "better.", "far above zero it foretells badly and will not rise."), "none",
              Query(f"{_mean(_LOSS)} {beside} ({_mean(_LOSS, production)})", "{{family}} {{alias}}"),
              lines=[(0, "yellow")], width=12),
        graph("Accuracy beside Production", _about("How much more often an alias is right than Production.",
              "B far below: raising it did harm; a rollback mends that."), "percentunit",
              Query(f"{_accuracy()} {beside} ({_accuracy(production)})", "{{family}} {{alias}}"),
              lines=[(0, "yellow")], width=12),
    ]  # fmt: skip


def _recent(total: str, *matchers: str) -> str:
    return f"sum by ({_ALIAS}) (increase({of(total, FAMILY, *matchers)}[{LOOK}]))"


def _mean(total: str, *matchers: str) -> str:
    return f"{_recent(total, *matchers)} / {_recent(_ROUNDS, *matchers)}"


def _accuracy(*matchers: str) -> str:
    return f"{_recent(_ROUNDS, _RIGHT, *matchers)} / {_recent(_ROUNDS, *matchers)}"


def _about(shows: str, if_bad: str) -> About:
    return About(shows, if_bad, TRAINER_SILENT)
