"""Learning: the daemon, one cycle, and fits for what ships. Only what fits loads the learning libraries."""

import argparse
import signal
from threading import Event, Thread

from telemetry.commandline import print_result
from telemetry.page import metrics_route
from telemetry.start import told
from trainer import daemon, steps
from trainer import once as one_cycle
from trainer.commands.lifecycle import entry_line
from trainer.commands.shared import log, log_file, progress, tell_faults
from trainer.gestures import retrain
from trainer.lifecycle.admin import Admin
from trainer.meters import Meters
from trainer.settings import Settings
from trainer.tasks.choose import tasks_of


def follow(given: argparse.Namespace, settings: Settings) -> int:
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        # from another thread: the interrupted one may hold the event's own lock
        signal.signal(number, lambda *_: Thread(target=stop.set).start())
    log.info("Following %s; retraining every %d rounds.", settings.told, settings.retrain_rounds)
    meters = Meters()
    with told(settings, "trainer", meters.tallies) as telemetry:
        admin = Admin(settings, retrain.run, meters, [metrics_route(telemetry)])
        with daemon.working(settings, admin, steps.run, steps.register, meters, telemetry.traces) as working:
            working.follow(stop)
    log.info("Stopped.")
    return 0


def run_cycle(given: argparse.Namespace, settings: Settings) -> int:
    meters = Meters()
    with told(settings, "trainer", meters.tallies) as telemetry, progress() as tell:
        report = one_cycle.run(settings, steps.run, steps.register, meters, telemetry.traces, tell)
    print_result(given, report, [entry_line(entry) for entry in report.entries])
    return 0


def fit_all(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.fitting.families import NAMES
    from trainer.fitting.fit import fit, lines

    families = given.families or NAMES
    with tasks_of(settings) as tasks, progress() as tell:
        found = fit(
            given.data, given.out, families, given.only_cc0, given.seed, given.force, given.again, tasks, tell
        )  # fmt: skip
    print_result(given, found, lines(found))
    return 0


def search(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.data.material import gather
    from trainer.fitting.sweep import lines, sweep

    material = gather(given.data, given.only_cc0, given.seed)
    with progress() as tell:
        trials = sweep(given.family, material, given.trials, given.seconds, given.seed, tell)
    print_result(given, {"trials": trials}, lines(trials))
    return 0


def export_rounds(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.data.export import export, lines

    with progress() as tell:
        found = export(log_file(given, settings), given.folder, given.buckets, tell)
    tell_faults(found.faults)
    print_result(given, found, lines(found))
    return 0
