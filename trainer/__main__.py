"""`python -m trainer`: reads what is wanted and the settings, and loads only what that needs."""

import os
import sys
from argparse import Namespace
from collections.abc import Sequence

from game.settings import SettingsError, load
from telemetry.commandline import FAILED, finished
from trainer.commandline import parser
from trainer.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 when done or stopped by a signal, 1 for a fault or a difference found."""
    given = parser().parse_args(arguments)
    if given.command == "doctor":
        from trainer import doctor

        return doctor.main(os.environ, given.json)
    if given.command == "describe":
        from trainer import describe

        return describe.main()
    return _with_settings(given)


def _with_settings(given: Namespace) -> int:
    from models.errors import BundleError, StoreError
    from trainer import commands
    from trainer.errors import TrainerError
    from trainer.fitting.families import NAMES

    try:
        settings = load(Settings, os.environ)
        settings.retrained(NAMES)  # at once, not when the first cycle begins
        log_to_stderr(settings)
        return commands.RUN[given.command](given, settings)
    except (SettingsError, TrainerError, BundleError, StoreError) as error:
        sys.stderr.write(f"trainer: {error}\n")
    except OSError as error:
        if error.filename is None or given.command is None:  # a fault of the program, or of what it talks to
            raise
        sys.stderr.write(f"trainer: {error.filename}: {error.strerror}.\n")
    return FAILED


def log_to_stderr(settings: Settings) -> None:
    """Lines of this process; imported late, because it needs what the trainer's extra installs."""
    from trainer.cycle import log_to_stderr

    log_to_stderr(settings)


if __name__ == "__main__":
    sys.exit(finished(main, "trainer"))
