"""Studies: simulated play, leagues, the policy, the exact solution."""

import argparse

from telemetry.commandline import print_result
from trainer.commands.shared import progress, store_of
from trainer.settings import Settings


def score_predictors(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.league.league import lines, run

    with progress() as tell:
        found = run(given.data, store_of(settings), given.seed, tell)
    print_result(given, found, lines(found))
    return 0


def play_population(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.roshambo.tournament import lines, run

    with progress() as tell:
        found = run(given.repeats, given.seed, tell)
    print_result(given, found, lines(found))
    return 0


def study_people(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.sparring.study.study import lines, run

    with progress() as tell:
        found = run(given.data, given.free, given.out, given.seed, tell)
    print_result(given, found, lines(found))
    return 0


def tabulate_policy(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.policy.table import lines, table

    with progress() as tell:
        found = table(tell=tell)
    print_result(given, found, lines(found))
    return 0


def simulate_play(given: argparse.Namespace, settings: Settings) -> int:
    from game.opponents import OPPONENTS
    from trainer.sparring.report import lines
    from trainer.sparring.simulate import simulate

    with progress() as tell:
        found = simulate(
            given.url, given.bots, given.players, given.matches, list(OPPONENTS), given.seed, tell, given.think
        )  # fmt: skip
    print_result(given, found, lines(found))
    return 0


def solve_race(given: argparse.Namespace, settings: Settings) -> int:
    from trainer import solve
    from trainer.policy import foreseen

    solved = solve.solve()
    solve.store(given.out, solved)
    foreseen.store(given.out.with_name(foreseen.FILE), foreseen.looking_ahead())
    checks = {f"V({bot},{player})": round(float(solved[bot, player]), 6) for bot, player in solve.CHECKS}
    checks["sum of squares"] = round(float((solved**2).sum()), 6)
    print_result(given, checks, [f"{name} = {value:.6f}" for name, value in checks.items()])
    return 0


def promotion_sim(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.lifecycle import error_rates

    with progress() as tell:
        found = error_rates.measure(given.pairs, given.repetitions, given.seed, tell)
    print_result(given, found, error_rates.lines(found))
    return 0
