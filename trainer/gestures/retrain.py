"""The step that retrains the gesture models, for a child process: light to import, heavy to run.

Whoever runs it alone has the lock; of two at once, from the daemon and from a terminal, the second one cannot go on.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import time

from models.errors import BundleError, StoreError
from trainer.cycle import Tell
from trainer.errors import TrainerError, Unwanted
from trainer.gestures.job import FAULT
from trainer.gestures.quiet import quiet
from trainer.settings import Settings

_DECIDED = 0.97
"""The share of the time after which it is decided."""


def run(settings: Settings, step: str, tell: Tell) -> None:
    """Learn from what was given and donated, and publish what passes the gate; a fault is the last that is told."""
    quiet()
    from trainer.gestures import candidates, learners, registered

    began = time()
    try:
        with alone(settings):
            outcome = candidates.retrain(settings, learners.LEARNERS, tell)
    except (TrainerError, StoreError, BundleError) as error:
        tell(f"{FAULT}{error}", 1.0)
        raise
    if outcome.seen:
        tell("telling the registry", _DECIDED)
        name = f"retraining-{outcome.entry.number}"
        tags = {"rps.decision": str(outcome.entry.kind), "rps.reason": outcome.entry.reason}
        uri = settings.tracking_uri
        registered.register(uri, name, outcome.candidate, outcome.seen, outcome.judges, tags, started=began)


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Raises Unwanted while somebody else is inside."""
    folder = Path(settings.data_dir) / "trainer"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "gestures.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Unwanted("A retraining of the gesture models is under way already.") from error
        yield
