"""`python -m trainer gestures ...`: what the commands about gesture models do, and what they take.

TensorFlow and the networks are loaded in the commands that need them.
"""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from telemetry.commandline import print_result
from trainer.commands.shared import progress
from trainer.errors import NotFetched, OutputError
from trainer.gestures import decisions
from trainer.gestures.quiet import quiet
from trainer.lifecycle.ledger import Kind
from trainer.settings import Settings

log = logging.getLogger("trainer")

Run = Callable[[argparse.Namespace, Settings], int]


def evaluate(given: argparse.Namespace, settings: Settings) -> int:
    from game.assignment import Alias
    from models.gesture_bundle import Family
    from models.hands.hands import Hands
    from trainer.gestures import folders, served
    from trainer.gestures.evaluate import evaluate, lines

    album = folders.read(given.folder)
    pair = served.pair(served.store_of(settings, given.models), Alias(given.alias))
    hands = None if given.cnn_only else Hands.load()
    if hands is None and not given.cnn_only:
        log.warning("The hand networks are not there; the image classifier judges alone.")
    versions = pair.versions if hands is not None else {**pair.versions, Family.POINTS: None}
    with one_core(), progress() as tell:
        found = evaluate(pair.sight(hands), album, versions, tell)
    print_result(given, found, list(lines(found)))
    return 0


def fetch(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.gestures.fetch import KNOWN, fetch

    known = KNOWN.get(given.what)
    if known is None and "://" not in given.what:
        raise NotFetched(f"There is no set {given.what!r}; known are {', '.join(KNOWN)}.")
    url, digest = (given.what, given.sha256) if known is None else (known.url, given.sha256 or known.sha256)
    with progress() as tell:
        folder = fetch(url, digest, given.out, tell)
    licence = "" if known is None else f" {known.licence}, {known.credit}."
    print_result(given, {"folder": str(folder)}, [f"{folder} is there.{licence}"])
    return 0


def fit(given: argparse.Namespace, settings: Settings) -> int:
    quiet()
    from trainer.gestures import folders
    from trainer.gestures.candidates import by_source
    from trainer.gestures.evaluate import lines
    from trainer.gestures.fit import Order, fit
    from trainer.gestures.registered import register

    album = folders.read(given.folder)
    fields = {name: getattr(given, name) for name in Order.__struct_fields__}
    with progress() as tell:
        made = fit(album, Order(**fields), tell)
    name = f"fit-{made.pair.pixels.manifest.version}"
    seen, tags = by_source(made.seen), {"rps.licence": given.licence}
    register(settings.tracking_uri, name, made.pair, seen, made.judges, tags, made.curve, made.started)
    print_result(given, made.report, list(lines(made.report)))
    return 0


def export(given: argparse.Namespace, settings: Settings) -> int:
    if not (given.out / "pixels.keras").is_file():
        raise OutputError(f"{given.out} has no pixels.keras: `fit` makes one.")
    quiet()
    from trainer.gestures.fit import export

    with progress() as tell:
        made = export(given.out, tell)
    print_result(given, {"exported": [str(path) for path in made]}, [f"{path}" for path in made])
    return 0


def retrain(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.gestures.job import STEP
    from trainer.gestures.retrain import run

    with progress() as tell:
        run(settings, STEP, tell)
    with decisions.opened(settings) as (gestures, _):
        made = gestures.newest(1)[0]
    print_result(given, made, [f"{made.kind}: {made.reason}"])
    return 0 if made.kind is Kind.PROMOTED else 1


def rollback(given: argparse.Namespace, settings: Settings) -> int:
    with decisions.opened(settings) as (gestures, position):
        made = decisions.rollback(gestures, position, "operator at the terminal")
    print_result(given, made, [made.reason])
    return 0


def ledger(given: argparse.Namespace, settings: Settings) -> int:
    with decisions.opened(settings) as (gestures, _):
        entries = gestures.entries()
    lines = [f"{one.number:>5} {one.kind:<12} {one.by}: {one.reason}" for one in entries]
    print_result(given, {"entries": entries}, lines)
    return 0


RUN: dict[str, Run] = {
    "evaluate": evaluate,
    "fetch": fetch,
    "fit": fit,
    "export": export,
    "retrain": retrain,
    "rollback": rollback,
    "ledger": ledger,
}
"""What does each command of `trainer.gestures.commandline`."""


@contextmanager
def one_core() -> Iterator[None]:
    """Stay on one core meanwhile, so that times are those of one; where the system lets us."""
    if sys.platform != "linux":
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
