"""`python -m inference doctor`: whether a sidecar can run here, and whether one does."""

from collections.abc import Mapping

from inference.settings import Settings
from telemetry import doctor, installation
from telemetry.doctor import Found, Look
from telemetry.places import MIB

MEMORY = 512 * MIB
FILES = 256


def main(variables: Mapping[str, str], as_json: bool) -> int:
    """Look at everything, print what was found, and return the exit status: 1 if anything failed."""
    settings, found = doctor.settings_of(Settings, variables)
    shared = installation.looks(settings, settings.data_dir, variables, ("inference",), MEMORY, FILES)
    return doctor.report("inference", {"settings": lambda: found, **shared, **looks(settings)}, as_json, variables)


def looks(settings: Settings) -> dict[str, Look]:
    """What is the sidecar's own; what it needs is loaded by whoever looks."""

    def port() -> Found:
        from inference.looks import places

        return places.port(settings)

    def sockets() -> Found:
        from inference.looks import places

        return places.sockets(settings)

    def runtime() -> Found:
        from inference.looks import models

        return models.runtime()

    def store() -> Found:
        from inference.looks import models

        return models.store(settings)

    def served() -> Found:
        from inference.looks import models

        return models.models(settings)

    def shipped() -> Found:
        from inference.looks import models

        return models.shipped()

    def gestures() -> Found:
        from inference.looks import models

        return models.gestures(settings)

    def hands() -> Found:
        from inference.looks import models

        return models.hands()

    return {
        "port": port,
        "sockets": sockets,
        "runtimes": runtime,
        "store": store,
        "models": served,
        "shipped": shipped,
        "gestures": gestures,
        "hands": hands,
    }
