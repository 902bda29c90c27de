"""What every process's doctor looks at: Python, packages, the data folder, the machine, and who is to be told."""

import os
import shutil
import sys
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from telemetry.doctor import Found, Look, failed, ok, warning
from telemetry.packages import packages
from telemetry.places import GIB, KNOCK_S, MIB, address, name_of, nearest, owner, request, size
from telemetry.settings import TelemetrySettings

PYTHON = (3, 11)
ENOUGH_DISK, LEAST_DISK = GIB, 200 * MIB


def looks(
    settings: TelemetrySettings, data_dir: str, variables: Mapping[str, str], extras: tuple[str, ...],
    memory: int, files: int,
) -> dict[str, Look]:  # fmt: skip
    """The looks of a process that needs these extras of pyproject.toml, so many bytes and so many open files."""
    folder, endpoint = Path(data_dir), "" if settings.otel_sdk_disabled else settings.otel_exporter_otlp_endpoint
    return {
        "python": python,
        "packages": lambda: packages(extras),
        "data folder": lambda: data_folder(folder),
        "disk": lambda: disk(folder),
        "memory": lambda: free_memory(memory),
        "open files": lambda: open_files(files),
        "telemetry": lambda: receiver(endpoint, variables.get("OTEL_EXPORTER_OTLP_HEADERS", "")),
    }


def python() -> Found:
    """Whether this Python is one that the program was written for."""
    text = f"Python {sys.version.split()[0]} at {sys.executable}"
    if sys.version_info[:2] < PYTHON:
        return failed(text, f"install Python {'.'.join(map(str, PYTHON))} or newer, and make up again.")
    return ok(text)


def data_folder(folder: Path) -> Found:
    """Whether everything can be kept there."""
    place = folder.absolute()
    if place.exists() and not place.is_dir():
        return failed(f"{place} is a file", "set RPS_DATA_DIR to a folder.")
    if not place.exists():
        above = nearest(place)
        if os.access(above, os.W_OK | os.X_OK):
            return ok(f"{place} is not there yet; the first start makes it")
        return failed(f"{place} cannot be made: {above} is {owner(above)}'s", f"sudo install -d -o $USER {place}")
    if not os.access(place, os.W_OK | os.X_OK):
        return failed(f"{place} is {owner(place)}'s and cannot be written to", f"sudo chown -R $USER {place}")
    if place.stat().st_uid != os.geteuid():
        return warning(
            f"{place} is {owner(place)}'s: what is written as {name_of(os.geteuid())} may be closed to them",
            f"run as {owner(place)}, or sudo chown -R $USER {place}",
        )
    return ok(f"{place}, {owner(place)}'s")


def disk(folder: Path) -> Found:
    """How much room there is."""
    free = shutil.disk_usage(nearest(folder.absolute())).free
    text, mend = f"{size(free)} free", "make room, or set RPS_DATA_DIR to a folder on another disk."
    if free < LEAST_DISK:
        return failed(f"{text}, less than {size(LEAST_DISK)}: soon nothing can be kept", mend)
    return warning(f"{text}, less than {size(ENOUGH_DISK)}", mend) if free < ENOUGH_DISK else ok(text)


def free_memory(needed: int) -> Found:
    """Whether there is memory for the process."""
    import psutil

    free = min([int(psutil.virtual_memory().available), *_left_to_the_group()])
    if free < needed:
        return warning(f"{size(free)} free, and it may take {size(needed)}", "end what else takes memory here.")
    return ok(f"{size(free)} free")


def _left_to_the_group(group: Path = Path("/sys/fs/cgroup")) -> list[int]:
    """What a container may take beyond what it has, where it has a limit."""
    try:
        most, has = ((group / name).read_text().strip() for name in ("memory.max", "memory.current"))
    except OSError:
        return []
    return [max(0, int(most) - int(has))] if most != "max" else []


def open_files(needed: int) -> Found:
    """Whether it may open as many files and sockets as its settings allow."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return ok("no limit" if soft == resource.RLIM_INFINITY else f"{soft} may be open")
    more = f"ulimit -n {needed}" if hard == resource.RLIM_INFINITY or hard >= needed else f"ulimit -n {needed}, as root"
    return warning(f"{soft} may be open, and it may need {needed}", f"{more}, before it is started.")


def receiver(endpoint: str, headers: str) -> Found:
    """Whether the OTLP receiver takes what is sent: it is told nothing, which is a message like any other."""
    if not endpoint:
        return ok("nothing is sent; /metrics answers")
    from opentelemetry.util.re import parse_env_headers

    where, mend = address(endpoint), "set OTEL_EXPORTER_OTLP_ENDPOINT right, or unset it to send nothing."
    sent = {**parse_env_headers(headers, liberal=True), "Content-Type": "application/x-protobuf"}
    try:
        with urlopen(request(f"{endpoint.rstrip('/')}/v1/metrics", b"", sent), timeout=KNOCK_S):
            return ok(f"{where} takes what is sent")
    except HTTPError as error:
        error.close()
        if error.code in (401, 403):
            return warning(f"{where} refuses the key ({error.code})", "set OTEL_EXPORTER_OTLP_HEADERS right.")
        return warning(f"{where} answers {error.code}, not as an OTLP receiver", mend)
    except (OSError, HTTPException) as error:  # URLError is an OSError
        return warning(f"{where} does not answer: {getattr(error, 'reason', error)}", mend)
    except ValueError:  # its text may hold a password
        return warning(f"{where} cannot be asked", mend)
