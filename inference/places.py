"""Taking the two addresses of the process before anything is loaded, so that a conflict is told at once."""

import os
import socket
import stat
from pathlib import Path

from inference.errors import StartError


def bind_unix(path: Path) -> socket.socket:
    """A socket bound to `path`, for this user only; raises StartError.

    What a killed process left there is removed; a living listener or a file of another kind is not.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _clear(path)
        bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        mask = os.umask(0o177)
        try:
            bound.bind(str(path))
        except OSError:
            bound.close()
            raise
        finally:
            os.umask(mask)
    except OSError as error:
        raise StartError(f"The socket {path} cannot be opened: {error.strerror or error}.") from error
    return bound


def bind_tcp(host: str, port: int) -> socket.socket:
    """A socket that listens on this address; raises StartError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise StartError(f"The address {host}:{port} cannot be used: {error.strerror or error}.") from error


def _clear(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise StartError(f"The socket {path} cannot be opened: a file that is no socket is there.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise StartError(f"The socket {path} cannot be opened: another process listens there.")
