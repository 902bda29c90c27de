"""Looks at the server's port, its web files, the clock, and the sidecar beside it."""

import asyncio
import re
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from time import time
from typing import Any

from msgspec import MsgspecError, json

from server.oracle import Sidecar
from server.pages import WEB
from server.settings import Settings
from telemetry import ports
from telemetry.doctor import Found, failed, ok, warning

GREETING_S = 4.0
IMPORTED = re.compile(r"""^(?:import|export)\b[^;]*?['"](\.{1,2}/[^'"]+)['"]""", re.M)
LINKED = re.compile(r'(?:src|href)="/static/([^"]+)"')
MADE = 1_764_000_000
"""Seconds since 1970 at a time before which nothing of this was there."""


CLOCK = "let this machine keep time by NTP: timedatectl set-ntp true"


def port(settings: Settings) -> Found:
    """Whether players can connect, or do."""
    return ports.seen(settings.host, settings.port, "/readyz", "RPS_PORT", _ours)


def _ours(answer: ports.Answer) -> Found | None:
    try:
        told = json.decode(answer.body, type=dict[str, str])
    except MsgspecError:
        return None
    status = told.pop("status", "")
    if status == "ready":
        return ok("a server of RPS Quest answers there and is ready")
    if status == "not ready":
        why = ", ".join(f"{what}: {fault}" for what, fault in told.items())
        return warning(f"a server of RPS Quest answers there and is not ready ({why})", "see what else is found here.")
    return None


def web(folder: Path = WEB) -> Found:
    """Whether every file is there that a page asks for."""
    ahead, there, missing = [folder / "index.html", folder / "lab.html"], set[Path](), set[Path]()
    while ahead:
        path = ahead.pop()
        if path in there | missing:
            continue
        if not path.is_file():
            missing.add(path)
            continue
        there.add(path)
        if path.suffix == ".html":
            ahead += [folder / linked for linked in LINKED.findall(path.read_text())]
        elif path.suffix == ".js":
            ahead += [(path.parent / other).resolve() for other in IMPORTED.findall(path.read_text())]
    if missing:
        names = ", ".join(sorted(str(path.relative_to(folder)) for path in missing))
        return failed(f"{folder} lacks {names}", f"git checkout -- {folder}")
    return ok(f"{len(there)} files in {folder}")


def clock() -> Found:
    """Whether the time can be right."""
    if time() < MADE:
        return failed("it is years slow", CLOCK)
    return ok(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC can be right")


def sidecar(settings: Settings) -> Found:
    """Whether models play, and which."""
    return asyncio.run(_greeted(settings.socket))


async def _greeted(path: Path) -> Found:
    mend = "python -m inference; both need the same RPS_INFERENCE_SOCKET, or RPS_DATA_DIR."
    try:
        async with asyncio.timeout(GREETING_S):
            _, line = await asyncio.get_running_loop().create_unix_connection(lambda: Sidecar(GREETING_S), str(path))
            with closing(line):
                ends: list[asyncio.Future[Any]] = [line.greeted, asyncio.ensure_future(line.closed.wait())]
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                greeting = line.greeting
    except TimeoutError:
        return warning(f"{path} is there and nobody speaks: the equilibrium plays", "start the sidecar anew.")
    except OSError as error:
        return warning(f"nobody listens at {path} ({error.strerror or error}): the equilibrium plays", mend)
    if greeting is None:
        return failed(f"who listens at {path} does not speak as a sidecar", mend)
    if not line.usable:
        return failed("it serves other features than this server's", "start both in the same version.")
    versions = [f"{family} {len(set(found.values()))}" for family, found in sorted(greeting.versions.items())]
    if not versions:
        return warning("it serves no model: the equilibrium plays", "python -m inference doctor")
    return ok(f"{path} greets, with versions of {', '.join(versions)}")
