"""`python -m server`: reads what is wanted and the settings, and loads only what that needs."""

import os
import sys
from argparse import Namespace
from collections.abc import Sequence

from game.settings import SettingsError, load
from server.commandline import parser
from server.settings import Settings
from telemetry.commandline import FAILED, finished


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve, or run a command; returns the exit status."""
    given = parser().parse_args(arguments)
    if given.command == "verify":
        from server import verify

        return verify.main(given.transcript, given.json)
    if given.command == "describe":
        from server import describe

        return describe.main(given.what)
    if given.command == "doctor":
        from server import doctor

        return doctor.main(os.environ, given.json)
    return _with_settings(given)


def _with_settings(given: Namespace) -> int:
    from server.errors import DatabaseError

    try:
        settings = load(Settings, os.environ)
        if given.command == "replay":
            from server.stream import replay

            return replay.main(settings, given.begin, given.end, given.json)
        if given.command == "standings":
            from server.projections import command

            return command.main(settings, given.rebuild, given.json)
        if given.command == "backup":
            from server import backup

            return backup.main(settings, given.folder, given.json, given.verify)
        from server import serving

        return serving.main(settings)
    except (SettingsError, DatabaseError, ValueError) as error:
        sys.stderr.write(f"The server cannot start: {error}\n" if given.command is None else f"server: {error}\n")
        return FAILED


if __name__ == "__main__":
    sys.exit(finished(main, "server"))
