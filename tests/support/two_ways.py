"""The real cycle over a made-up family of two ways to fit it, in a module that a child process finds by name."""

from support import lessons
from support.lessons import RIGHT, Fixed, Tell
from trainer import steps
from trainer.data.rows import Rows
from trainer.fitting.families import Fitted
from trainer.settings import Settings


class Broken(Fixed, frozen=True):
    """Cannot be fitted."""

    def fit(self, train: Rows, validation: Rows, seed: int) -> Fitted:
        raise RuntimeError("broken on purpose")


SURER = Fixed("surer", 0.01, 0.98, 0.01)
BROKEN = Broken("broken", 0.4, 0.3, 0.3)


def learn(settings: Settings, step: str, tell: Tell) -> None:
    lessons.only(RIGHT, SURER)
    steps.run(settings, step, tell)
