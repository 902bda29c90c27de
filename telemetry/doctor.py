"""A doctor: it looks at every part of an installation at once, says what it found, and how to mend what is wrong.

It changes nothing and starts nothing. A look has `PATIENCE_S` seconds, whatever hangs; it may wait, for it has a thread
of its own. What a look needs is loaded within it, so that a library that is missing costs that look alone.
"""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from threading import Thread
from time import monotonic
from typing import TextIO, TypeVar

from msgspec import Struct, json

from game.settings import PREFIX, THEIRS, SettingsError, load
from telemetry.release import VERSION
from telemetry.settings import TelemetrySettings

PATIENCE_S = 12.0
"""How long all looks together may take."""


class Outcome(StrEnum):
    """A failure keeps a process from starting or from its work; a warning costs something that it can go without."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Found(Struct, frozen=True):
    """What a look found, in a sentence without secrets, and how to mend it: a command, or a variable to set."""

    outcome: Outcome
    text: str
    mend: str = ""


Look = Callable[[], Found]
"""What it raises is told as a failure."""


class Check(Struct, frozen=True):
    """A finding as it is told."""

    name: str
    outcome: Outcome
    found: str
    mend: str = ""


class Report(Struct, frozen=True):
    """All of them, and whether none failed."""

    process: str
    version: str
    ok: bool
    checks: Sequence[Check]


def ok(text: str) -> Found:
    return Found(Outcome.OK, text)


def warning(text: str, mend: str) -> Found:
    return Found(Outcome.WARNING, text, mend)


def failed(text: str, mend: str) -> Found:
    return Found(Outcome.FAILED, text, mend)


SettingsOf = TypeVar("SettingsOf", bound=TelemetrySettings)


def settings_of(kind: type[SettingsOf], variables: Mapping[str, str]) -> tuple[SettingsOf, Found]:
    """The settings as far as they can be used, the others by default, and what is wrong with these."""
    ours = {name: text for name, text in variables.items() if name.startswith((PREFIX, *map(str.upper, THEIRS)))}
    usable, faults = dict(ours), []
    for name, text in sorted(ours.items()):
        try:
            load(kind, {name: text})
        except SettingsError as error:
            faults.append(str(error))
            del usable[name]
    if faults:
        return load(kind, usable), failed(" ".join(faults), "unset it, or set it right: README.md, Settings, has all.")
    told = ", ".join(sorted(name for name in ours if name.startswith(PREFIX)))
    return load(kind, usable), ok(f"set are {told}" if told else "all by default")


def report(process: str, looks: Mapping[str, Look], as_json: bool, variables: Mapping[str, str]) -> int:
    """Look at all of these, print what was found, in their order, and return the exit status: 1 if anything failed."""
    checks = examined(looks, PATIENCE_S)
    well = all(check.outcome is not Outcome.FAILED for check in checks)
    if as_json:
        sys.stdout.write(json.encode(Report(process, VERSION, well, checks)).decode() + "\n")
    else:
        sys.stdout.write(page(process, checks, coloured(sys.stdout, variables)))
    return 0 if well else 1


def examined(looks: Mapping[str, Look], patience_s: float) -> list[Check]:
    """What each look found, in their order, after so many seconds at most."""
    found: dict[str, Found] = {}

    def see(name: str, look: Look) -> None:
        found[name] = _safely(look)

    threads = [Thread(target=see, args=one, name=f"look at {one[0]}", daemon=True) for one in looks.items()]
    for thread in threads:
        thread.start()
    end = monotonic() + patience_s
    for thread in threads:
        thread.join(max(0.0, end - monotonic()))
    silent = failed(
        f"nothing was found out within {patience_s:g} s", "see what hangs or keeps this machine busy, and look again."
    )
    return [_told(name, found.get(name, silent)) for name in looks]


def page(process: str, checks: Sequence[Check], colours: bool) -> str:
    """The report for a person: a line for each check, and below it how to mend what is not well."""
    wide = max(len(check.name) for check in checks)
    lines = [f"RPS Quest {VERSION}, {process}"]
    for check in checks:
        lines.append(f"{_painted(check.outcome, colours)}  {check.name:<{wide}}  {check.found}")
        if check.mend:
            lines.append(f"{'':{_WIDE + 4 + wide}}Mend: {check.mend}")
    counts = [(sum(check.outcome is each for check in checks), each) for each in Outcome]
    lines.append(", ".join(f"{count} {each}" for count, each in counts if count) + ".")
    return "\n".join(lines) + "\n"


def coloured(out: TextIO, variables: Mapping[str, str]) -> bool:
    """Whether to write in colours: to a terminal that has them, unless NO_COLOR is set (no-color.org)."""
    return out.isatty() and not variables.get("NO_COLOR") and variables.get("TERM") != "dumb"


_WIDE = max(map(len, Outcome))
_PAINT = {Outcome.OK: "32", Outcome.WARNING: "33", Outcome.FAILED: "1;31"}


def _painted(outcome: Outcome, colours: bool) -> str:
    word = f"{outcome:<{_WIDE}}"
    return f"\x1b[{_PAINT[outcome]}m{word}\x1b[0m" if colours else word


def _safely(look: Look) -> Found:
    try:
        return look()
    except ModuleNotFoundError as error:
        return failed(f"{error.name} is not installed.", INSTALL)
    except Exception as error:  # noqa: BLE001 - the outermost edge of a look: whatever it met is what it found
        said = " ".join(str(error).split())
        return failed(f"{type(error).__name__}: {said}" if said else type(error).__name__, "see what it says.")


INSTALL = "make up, or make play for server and sidecar alone."


def _told(name: str, found: Found) -> Check:
    """Each text on one line, and no password of an address in it, whoever wrote it there."""
    text, mend = (re.sub(r"://\S*@", "://", " ".join(each.split())) for each in (found.text, found.mend))
    return Check(name, found.outcome, text, mend)
