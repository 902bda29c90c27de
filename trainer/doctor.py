"""`python -m trainer doctor`: whether a trainer can run here, and whether one does."""

from collections.abc import Mapping
from importlib import import_module

from game.settings import SettingsError
from telemetry import doctor, installation
from telemetry.doctor import Found, Look
from telemetry.places import MIB
from trainer.settings import Settings

MEMORY = 1536 * MIB
"""A cycle's largest child, and what stands beside it."""
FILES = 256


def main(variables: Mapping[str, str], as_json: bool) -> int:
    """Look at everything, print what was found, and return the exit status: 1 if anything failed."""
    settings, found = doctor.settings_of(Settings, variables)
    extras = ("trainer", "cluster") if settings.ray_address else ("trainer",)
    shared = installation.looks(settings, settings.data_dir, variables, extras, MEMORY, FILES)
    return doctor.report("trainer", {"settings": lambda: found, **shared, **looks(settings)}, as_json, variables)


def looks(settings: Settings) -> dict[str, Look]:
    """What is the trainer's own; what it needs is loaded by whoever looks."""

    def later(module: str, name: str, *arguments: Settings) -> Look:
        def look() -> Found:
            found: Found = getattr(import_module(f"trainer.looks.{module}"), name)(*arguments)
            return found

        return look

    return {
        "families": lambda: _families(settings),
        "libraries": later("machine", "libraries"),
        "processors": later("machine", "processors", settings),
        "Ray": later("machine", "cluster", settings),
        "admin port": later("beside", "port", settings),
        "sidecar": later("beside", "sidecar", settings),
        "store": later("lifecycle", "store", settings),
        "ledgers": later("lifecycle", "ledgers", settings),
        "lease": later("lifecycle", "holder", settings),
        "learning": later("lifecycle", "learning", settings),
        "mirror": later("beside", "mirror", settings),
        "dataset": later("beside", "dataset", settings),
        "registry": later("beside", "registry", settings),
    }


def _families(settings: Settings) -> Found:
    from trainer.fitting.families import NAMES

    try:
        return doctor.ok(f"a cycle fits {', '.join(settings.retrained(NAMES))}")
    except SettingsError as error:
        return doctor.failed(str(error), "set it right, or unset it to fit all.")
