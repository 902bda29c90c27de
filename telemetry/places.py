"""How places are spoken of by a doctor, and asked: files and their owners, addresses and what opens them."""

from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote, urlsplit
from urllib.request import Request

MIB, GIB = 2**20, 2**30
KNOCK_S = 4.0
"""How long somebody elsewhere may take to answer."""


def request(url: str, data: bytes | None = None, headers: Mapping[str, str] = MappingProxyType({})) -> Request:
    """A question to this address, whose user and password go where they belong; raises ValueError."""
    parts = urlsplit(url)
    user, _, place = parts.netloc.rpartition("@")
    sent = {"Authorization": f"Basic {b64encode(unquote(user).encode()).decode()}", **headers} if user else {**headers}
    return Request(parts._replace(netloc=place).geturl(), data, sent)


def nearest(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    return next(each for each in (path, *path.parents) if each.exists())


def owner(path: Path) -> str:
    return name_of(path.stat().st_uid)


def name_of(user: int) -> str:
    """A user's name, or number where it has none."""
    import pwd

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"


def running(process: int) -> bool:
    """Whether there is a process of this number on this machine."""
    import psutil

    return bool(psutil.pid_exists(process))


def size(count: int) -> str:
    """So many bytes for a person."""
    return f"{count / GIB:.1f} GiB" if count >= GIB else f"{count / MIB:.0f} MiB"


def address(url: str) -> str:
    """An address as it may be told: without user, password and options."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an address that cannot be read"
    if "@" in parts.path + parts.query + parts.fragment:  # what is taken for the place may be a password's beginning
        return "an address that cannot be read"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
