"""What models are worth: rows of their dashboard about honest probabilities, matches won, and what serves."""

from k8s.boards.panels import About, Query, Shown, graph
from k8s.boards.promql import INFERENCE, counted, of, or_zero, rate, told, wilson
from k8s.boards.tables import bars, grid

FAMILY = 'family=~"$family"'
LOOK = "$window"
TRAINER_SILENT = "the trainer tells nothing, or its scoreboard has read no such round from the log yet."

_RUNS = "rps_model_runs_total"
REFUSED = or_zero("max by (family, alias) (rps_model_refused)", INFERENCE, "family")
_SILENT = "the sidecar tells nothing."
_MATCHES = "rps_model_matches_total"
_PRODUCTION = '* on (family, version) group_left () group by (family, version) (rps_model_info{alias="Production"})'


def calibration() -> list[Shown]:
    predictions, confidence, hits = (f"rps_calibration_{what}_total" for what in ("predictions", "confidence", "hits"))

    def by_bin(total: str) -> str:
        return f"sum by (bin) ({told(of(total, FAMILY))} {_PRODUCTION})"

    version = "family, version"
    gap = f"sum by ({version}) (abs({told(of(confidence, FAMILY))} - {told(of(hits, FAMILY))}))"
    return [
        bars("Calibration of Production", _about("Probabilities by their size: what was told on average, and how often "
              "that move was thrown. They should be alike.", "thrown is lower: too sure; higher: not sure enough. The "
              "next cycle calibrates anew."), "percentunit", "bin",
             {"told": Query(f"{by_bin(confidence)} / {by_bin(predictions)}"),
              "thrown": Query(f"{by_bin(hits)} / {by_bin(predictions)}")}),
        graph("Calibration error", _about("The mean distance between what was told and what was thrown, over all bins.",
              "more than .05 for many rounds: as on the left."), "percentunit",
              Query(f"{gap} / sum by ({version}) ({told(of(predictions, FAMILY))})", "{{family}} {{version}}"),
              lines=[(0.05, "red")], width=12),
    ]  # fmt: skip


def winning() -> list[Shown]:
    by = "family, version, arm"
    matches = told(of(_MATCHES, FAMILY))
    all_ = f"sum by ({by}) ({matches})"
    won, tied = (counted(told(of(_MATCHES, FAMILY, f'winner="{who}"')), matches, by) for who in ("bot", "tie"))
    points = f"{won} + {tied} / 2"
    bot, tie, played = (
        f"increase({of(_MATCHES, FAMILY, *some)}[{LOOK}])" for some in (['winner="bot"'], ['winner="tie"'], ())
    )
    points_lately = f"{counted(bot, played, 'arm')} + {counted(tie, played, 'arm')} / 2"
    recent = f"({points_lately}) / sum by (arm) ({played})"
    table = grid(
        "Matches won by the bot, since the log began",
        _about(
            "Matches that reached the target, by who played them; a tie counts half. `control` is the equilibrium: "
            "what a model wins beyond it is what prediction is worth. The interval is Wilson's, 95 %.",
            "Production below control: predictions do harm; lower RPS_LEAN or go back to a version before.",
        ),
        {
            "matches": Query(all_),
            "won": Query(f"({points}) / {all_}"),
            "at least": Query(wilson(points, all_, -1)),
            "at most": Query(wilson(points, all_, 1)),
        },
        dict.fromkeys(("won", "at least", "at most"), "percentunit"),
        width=16,
    )
    arms = graph(
        "Won by arm",
        _about("The same by arm, over the time looked back; a tie counts half.", "as on the left."),
        "percentunit",
        Query(recent, "{{arm}}"),
        lines=[(0.5, "yellow")],
    )
    return [table, arms]


def serving() -> list[Shown]:
    key = "family, alias, version"
    ages = "max by (family, alias) (rps_model_age_seconds)"
    times, runs = (rate(total, "family, version") for total in ("rps_model_run_time_seconds_total", _RUNS))
    return [
        grid("What serves now", About("The version that each alias means, and its age.",
             "an alias is missing: see what is refused.", _SILENT),
             {"age": Query(f"max by ({key}) (rps_model_info) * on (family, alias) group_left () {ages}")},
             {"age": "s"}, width=12),
        graph("Age of what serves", About("Time since each serving version was made.",
              "none grows younger: see dashboard Lifecycle.", _SILENT), "s",
              Query(ages, "{{family}} {{alias}}"), width=12),
        graph("Bundles refused", About("1 for each alias whose bundle is refused; what served before goes on.",
              "the sidecar's log says what is wrong with the bundle.", _SILENT), "none",
              Query(REFUSED, "{{family}} {{alias}}"), lines=[(1, "red")]),
        graph("Runs, by result", About("Runs of models per second.", "failed: the guard takes that version out.",
              _SILENT), "ops", Query(rate(_RUNS, "family, result"), "{{family}} {{result}}"),
              stacked=True),
        graph("A run", About("The mean time of a run.", "one version alone is slow: the guard takes it out.", _SILENT),
              "s", Query(f"{times} / {runs}", "{{family}} {{version}}")),
    ]  # fmt: skip


def _about(shows: str, if_bad: str) -> About:
    return About(shows, if_bad, TRAINER_SILENT)
