"""`python -m inference`: reads what is wanted and the settings, and loads only what that needs."""

import logging
import os
import sys
from collections.abc import Sequence

from game.settings import SettingsError, load
from inference.commandline import parser
from inference.errors import StartError
from inference.settings import Settings
from telemetry.commandline import FAILED, finished

log = logging.getLogger("inference")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve, or run a command; the exit status is 0 after a signal, 1 where the process could not start."""
    given = parser().parse_args(arguments)
    if given.command == "doctor":
        from inference import doctor

        return doctor.main(os.environ, given.json)
    if given.command == "describe":
        from inference import describe

        return describe.main()
    return _served()


def _served() -> int:
    from inference import serving
    from telemetry.logs import log_to_stderr

    log_to_stderr("info", "console", "inference")
    try:
        return serving.main(load(Settings, os.environ))
    except (SettingsError, StartError) as error:
        log.error(error)
        return FAILED


if __name__ == "__main__":
    sys.exit(finished(main, "inference"))
