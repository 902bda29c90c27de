"""Who listens on a port: nobody, this process of ours, or somebody else."""

import errno
import socket
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from typing import NamedTuple

from telemetry.doctor import Found, failed, ok

ANSWER_S = 4.0
EVERYWHERE = ("", "0.0.0.0", "::")
_MOST = 1 << 20


class Answer(NamedTuple):
    """What came back of a question by HTTP."""

    status: int
    body: bytes
    server: str = ""


def asked(host: str, port: int, path: str, timeout_s: float = ANSWER_S) -> Answer:
    """What the listener answers; raises OSError and HTTPException."""
    connection = HTTPConnection(reached(host), port, timeout=timeout_s)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return Answer(answer.status, answer.read(_MOST), answer.getheader("server") or "")
    finally:
        connection.close()


def seen(host: str, port: int, path: str, variable: str, ours: Callable[[Answer], Found | None]) -> Found:
    """Whether the port is free, or is held by whoever answers at `path` as `ours` knows it (None: it is not)."""
    if port == 0:
        return ok("any port that is free")
    try:
        socket.create_connection((reached(host), port), ANSWER_S).close()
    except OSError:
        return _free(host, port, variable)
    try:
        answer = asked(host, port, path)
    except (OSError, HTTPException):
        return failed(f"{host}:{port} is taken by {_holder(port)}, who does not answer by HTTP", _mend(port, variable))
    known = ours(answer)
    if known is not None:
        return known
    by = f" ({answer.server})" if answer.server else ""
    return failed(
        f"{host}:{port} is taken by {_holder(port)}{by}, who answers GET {path} with {answer.status}",
        _mend(port, variable),
    )


def reached(host: str) -> str:
    """Where one who listens on this address is reached from here."""
    return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def _free(host: str, port: int, variable: str) -> Found:
    """Bound and not listened on, so that one who starts at this moment gets it all the same."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        why = f"{host}:{port} cannot be listened on: {error.strerror or error}"
        if error.errno == errno.EACCES:
            return failed(why, f"{variable}=8080, or any other from 1024 on.")
        return failed(why, _mend(port, variable))
    return ok(f"{host}:{port} is free")


def _holder(port: int) -> str:
    """The process that listens there, as far as this user may know."""
    import psutil

    try:
        listening = {
            one.pid for one in psutil.net_connections("tcp") if one.status == "LISTEN" and one.laddr[1] == port
        }
        return (
            " and ".join(f"{psutil.Process(pid).name()} (process {pid})" for pid in listening if pid) or "somebody else"
        )
    except psutil.Error:
        return "somebody else"


def _mend(port: int, variable: str) -> str:
    return f"end it, or set {variable} to another port than {port}."
