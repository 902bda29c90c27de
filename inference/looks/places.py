"""Looks at where the sidecar listens."""

import os
import socket
import stat
import sys
from pathlib import Path

from msgspec import MsgspecError, json

from game.look import socket_for_images
from inference.settings import Settings
from telemetry import ports
from telemetry.doctor import Found, failed, ok, warning
from telemetry.places import nearest, owner

LONGEST = 107 if sys.platform == "linux" else 103
"""Bytes of a Unix socket's path, which ends in a zero byte."""
SHORTER = "set RPS_INFERENCE_SOCKET to a shorter path, alike for server and sidecar."
KNOCK_S = 2.0


def port(settings: Settings) -> Found:
    """Whether the models can be asked over HTTP, or are."""
    return ports.seen(settings.inference_host, settings.inference_port, "/v2", "RPS_INFERENCE_PORT", _ours)


def _ours(answer: ports.Answer) -> Found | None:
    try:
        told = json.decode(answer.body, type=dict[str, object])
    except MsgspecError:
        return None
    if told.get("name") != "rps-quest-inference":
        return None
    return ok(f"a sidecar of RPS Quest answers there, version {told.get('version')}")


def sockets(settings: Settings) -> Found:
    """Whether match servers can ask, or do."""
    found = [_socket(path) for path in (socket_for_images(settings.socket), settings.socket)]
    return next((one for one in found if one.mend), found[-1])


def _socket(path: Path) -> Found:
    if (length := len(os.fsencode(path))) > LONGEST:
        return failed(f"{path} has {length} bytes, and a socket's path {LONGEST} at most", SHORTER)
    if not path.exists():
        above = nearest(path.absolute().parent)
        if not os.access(above, os.W_OK | os.X_OK):
            return failed(f"{path} cannot be made: {above} is {owner(above)}'s", "set RPS_INFERENCE_SOCKET elsewhere.")
        return ok(f"{path} is free")
    if not stat.S_ISSOCK(path.lstat().st_mode):
        return failed(f"{path} is a file and no socket", f"rm {path}, or set RPS_INFERENCE_SOCKET.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(KNOCK_S)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return ok(f"{path} was left by a process that is gone; the next start removes it")
        except PermissionError:
            return failed(f"{path} is {owner(path)}'s", f"run server and sidecar as {owner(path)}.")
        except TimeoutError:
            return warning(f"who listens at {path} hangs", "start the sidecar anew.")
    return ok(f"a process listens at {path}")
