"""Looks at what the trainer learns with: libraries, processors, and a Ray cluster where one is set."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from telemetry.doctor import INSTALL, Found, failed, ok, warning
from telemetry.places import MIB, size
from trainer.settings import Settings
from trainer.tasks.on_ray import LOCAL, knock

LIBRARIES = ("torch", "xgboost", "sklearn", "scipy", "onnx", "onnxruntime", "tensorflow", "keras", "tf2onnx", "mlflow")
"""Not loaded to be looked at, which would take seconds and a gigabyte; the look at packages tells their versions."""
SHARED = Path("/dev/shm")
LEAST_SHARED = 64 * MIB


def libraries(names: tuple[str, ...] = LIBRARIES) -> Found:
    """Whether everything that learns is there."""
    missing = [name for name in names if find_spec(name) is None]
    return failed(f"{', '.join(missing)} cannot be imported", INSTALL) if missing else ok(", ".join(names))


def processors(settings: Settings) -> Found:
    """Whether there are enough for the fits that are to be done beside each other, and memory that they share."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    shared = f", {size(shutil.disk_usage(SHARED).free)} of shared memory" if SHARED.is_dir() else ""
    text = f"{there} for {settings.fit_processes} fits at a time{shared}"
    if settings.fit_processes > there:
        return warning(text, f"set RPS_FIT_PROCESSES to {there} at most.")
    if shared and shutil.disk_usage(SHARED).free < LEAST_SHARED:
        return warning(text, f"make room in {SHARED}; of a container it is set by --shm-size.")
    return ok(text)


def cluster(settings: Settings) -> Found:
    """Whether Ray's cluster answers."""
    place = settings.ray_address
    if not place:
        return ok("fits are done on this machine")
    if find_spec("ray") is None:
        return failed("RPS_RAY_ADDRESS is set and Ray is not installed", "python -m pip install 'rps-quest[cluster]'")
    if place in (LOCAL, "auto"):
        return ok(f"Ray finds its cluster by itself ({place})")
    try:
        knock(place)
    except (OSError, ValueError) as error:
        return failed(f"nobody answers at {place}: {error}", "ray start --head, or unset RPS_RAY_ADDRESS.")
    return ok(f"somebody answers at {place}")
