"""`python -m support.small_cycle`: the real `trainer cycle`, with the made-up family of `support.lessons`."""

import os

from game.settings import load
from support import lessons
from trainer import once, steps
from trainer.cycle import log_to_stderr
from trainer.settings import Settings

if __name__ == "__main__":
    settings = load(Settings, os.environ)
    log_to_stderr(settings)
    lessons.only(lessons.LEVEL)
    once.run(settings, lessons.drift, steps.register)
