"""What each of the trainer's commands does. All take the parsed arguments and the settings, and return the exit code.

The learning libraries are loaded in the commands that fit, never in the daemon.
"""

import argparse
from collections.abc import Callable

from trainer.commands import learning, lifecycle, rounds, studies
from trainer.settings import Settings


def gestures(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.gestures.commands import RUN

    return RUN[given.gestures](given, settings)


Run = Callable[[argparse.Namespace, Settings], int]
RUN: dict[str | None, Run] = {
    None: learning.follow,
    "cycle": learning.run_cycle,
    "fit": learning.fit_all,
    "sweep": learning.search,
    "export": learning.export_rounds,
    "table": lifecycle.show_table,
    "ledger": lifecycle.show_ledger,
    "enter": lifecycle.enter,
    "prune": lifecycle.remove,
    "scoreboard": rounds.show_scoreboard,
    "parity": rounds.compare_features,
    "rescore": rounds.compare_predictions,
    "gestures": gestures,
    "simulate": studies.simulate_play,
    "solve": studies.solve_race,
    "policy": studies.tabulate_policy,
    "promotion-sim": studies.promotion_sim,
    "league": studies.score_predictors,
    "people": studies.study_people,
    "rrps": studies.play_population,
}
"""What does each command of `trainer.commandline`; with none the log is followed."""
