"""`python -m server doctor`: whether a server can run here, and whether one does."""

from collections.abc import Mapping

from server.settings import Settings
from telemetry import doctor, installation
from telemetry.doctor import Found, Look
from telemetry.places import MIB

MEMORY = 256 * MIB
SPARE_FILES = 128
"""Beside a socket for each player."""


def main(variables: Mapping[str, str], as_json: bool) -> int:
    """Look at everything, print what was found, and return the exit status: 1 if anything failed."""
    settings, found = doctor.settings_of(Settings, variables)
    files = settings.max_connections + SPARE_FILES
    shared = installation.looks(settings, settings.data_dir, variables, ("server",), MEMORY, files)
    return doctor.report("server", {"settings": lambda: found, **shared, **looks(settings)}, as_json, variables)


def looks(settings: Settings) -> dict[str, Look]:
    """What is the server's own."""
    return {
        "port": lambda: _port(settings),
        "database": lambda: _database(settings),
        "stream": lambda: _stream(settings),
        "sidecar": lambda: _sidecar(settings),
        "web files": _web,
        "clock": _clock,
    }


def _port(settings: Settings) -> Found:
    from server.looks import process

    return process.port(settings)


def _database(settings: Settings) -> Found:
    if settings.postgres is not None:
        from server.looks import postgres

        return postgres.database(settings.postgres)
    from server.looks import file

    try:
        return file.database(settings.database)
    except ValueError as error:
        return doctor.failed(str(error), "set RPS_DATABASE_URL so, or unset it for a file in the data folder.")


def _stream(settings: Settings) -> Found:
    from server.looks import stream

    return stream.stream(settings)


def _sidecar(settings: Settings) -> Found:
    from server.looks import process

    return process.sidecar(settings)


def _web() -> Found:
    from server.looks import process

    return process.web()


def _clock() -> Found:
    from server.looks import process

    return process.clock()
