"""Steps for cycles in tests, in modules that a child process finds by name: quick ones, hung ones, failing ones.

`learn` is the real cycle, from intake to ledger and registry, with one made-up family that fits in no time.
"""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event

import numpy as np
from msgspec import Struct

from trainer import steps
from trainer.data.columns import Floats
from trainer.data.rows import Rows
from trainer.data.turning import WIDTH
from trainer.fitting import families
from trainer.fitting.families import Fitted
from trainer.fitting.graph import dense
from trainer.settings import Settings

Tell = Callable[[str, float], None]


class Fixed(Struct, frozen=True):
    """A family that says always the same of the turned move: stays, goes up, goes down."""

    name: str
    stays: float
    up: float
    down: float
    drift: float = 0.0
    """By how much each seed makes it another model."""

    def fit(self, train: Rows, validation: Rows, seed: int) -> Fitted:
        logits = np.log([self.stays, self.up + self.drift * seed, self.down])
        model = dense([(np.zeros((WIDTH, 3)), logits)])
        shares = np.exp(logits) / np.exp(logits).sum()

        def predict(rows: Rows) -> Floats:
            last = rows.features[:, :3].argmax(axis=1)
            return np.asarray(shares[(np.arange(3) - last[:, None]) % 3])

        return Fitted(predict, model)


LEVEL = Fixed("level", 0.34, 0.34, 0.32, drift=1e-3)
RIGHT, WRONG = Fixed("right", 0.05, 0.9, 0.05), Fixed("wrong", 0.05, 0.05, 0.9)


def only(*choices: Fixed) -> None:
    """From here on this process knows one family, `fixed`, with these configurations."""

    def configurations(family: str) -> Sequence[Fixed]:
        return choices

    families.NAMES = ("fixed",)
    families.configurations = configurations  # type: ignore[assignment]


def learn(settings: Settings, step: str, tell: Tell) -> None:
    """The real step, over the made-up family."""
    only(RIGHT)
    steps.run(settings, step, tell)


def drift(settings: Settings, step: str, tell: Tell) -> None:
    """The same, with another model in each cycle, none worse than the one before."""
    only(LEVEL)
    steps.run(settings, step, tell)


def registered(settings: Settings, step: str, tell: Tell) -> None:
    """The registry is told."""
    Path(settings.data_dir, "registered").touch()


def quick(settings: Settings, step: str, tell: Tell) -> None:
    """Leaves its name behind."""
    tell(f"doing {step}", 0.5)
    with Path(settings.data_dir, "done").open("a") as file:
        file.write(f"{step}\n")


def failing(settings: Settings, step: str, tell: Tell) -> None:
    sys.exit(3)


def endless(settings: Settings, step: str, tell: Tell) -> None:
    """Does not end when it is asked to."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Path(settings.data_dir, "started").write_text(str(os.getpid()))
    Event().wait()
