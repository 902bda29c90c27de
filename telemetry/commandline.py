"""What all command lines share: how they explain themselves, how they end, and how they tell a result.

Only the standard library and msgspec are loaded here, so that `--help` and `doctor` answer where little is installed.
"""

import os
import select
import sys
from argparse import ArgumentParser, ArgumentTypeError, HelpFormatter, Namespace
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from errno import ENOSPC
from re import findall
from textwrap import fill
from typing import Any

from msgspec import Struct, json

from game.settings import variable_of
from telemetry.release import VERSION

DONE, FAILED, WRONG_USE, CLOSED, INTERRUPTED = 0, 1, 2, 141, 130
"""Exit statuses; the last two are what a shell shows of a process that SIGPIPE or SIGINT has ended."""
OURS = frozenset({"bench", "game", "inference", "k8s", "models", "server", "telemetry", "trainer"})


class Form(HelpFormatter):
    """Wraps each paragraph of a text by itself; lines that begin with a space are shown as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n\n".join(
            part if part.startswith(" ") or "\n " in part else fill(part, width, initial_indent=indent)
            for part in text.strip().split("\n\n")
        )


class Parser(ArgumentParser):
    """A command line of ours: long options are written out, and what is not understood is answered with a hint."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, "formatter_class": Form, **kwargs})
        self.commands: dict[str, Parser] = {}

    def command(self, name: str, about: str, epilog: str = "", dest: str = "command", needed: bool = False) -> "Parser":
        """One more command; the first sentence of `about` stands in the list of them.

        With the first is decided what the namespace calls the command, and whether one is needed.
        """
        if not self.commands:
            self._among = self.add_subparsers(title="commands", metavar="COMMAND", dest=dest, required=needed)
        first = about.partition(". ")[0].rstrip(".") + "."
        added: Parser = self._among.add_parser(name, help=first, description=about, epilog=epilog or None)
        self.commands[name] = added
        return added

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does, but nothing unknown is left over: the command that does not know it says so."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            options = set(findall(r"--[a-z0-9][a-z0-9-]*", self.format_help()))
            near = get_close_matches(unknown[0].partition("=")[0], [*options, *self.commands], n=1)
            self.error(f"unrecognized arguments: {' '.join(unknown)}" + (f"; did you mean {near[0]}?" if near else ""))
        return found, unknown

    def error(self, message: str) -> Any:
        """End the process with `WRONG_USE`, after the usage and what is wrong."""
        self.print_usage(sys.stderr)
        self.exit(WRONG_USE, f"{self.prog}: {message}\n`{self.prog} --help` explains it.\n")


def add_version(parser: ArgumentParser) -> None:
    """Let the command line say which version this is: `rps-quest 0.1.0`."""
    parser.add_argument("--version", action="version", version=f"rps-quest {VERSION}", help="print the version")


def add_json(parser: ArgumentParser, help: str = "print the result as one JSON object on standard output") -> None:
    """Let the command tell its result to a program."""
    parser.add_argument("--json", action="store_true", help=help)


def ending(*, examples: Sequence[str] = (), settings: type[Struct] | None = None, exits: str = "") -> str:
    """The text below a help: the variables that are read, examples, and what exit statuses mean beside the usual."""
    parts = []
    if settings is not None:
        names = ", ".join(map(variable_of, settings.__struct_fields__))
        parts.append(f"Settings are variables, explained in README.md: {names}.")
    if examples:
        parts.append("\n".join(["examples:", *(f"  {one}" for one in examples)]))
    if exits:
        parts.append(f"Exit status: {exits}")
    return "\n\n".join(parts)


def print_result(given: Namespace, found: Any, lines: Sequence[str]) -> None:
    """The command's result alone on stdout: one JSON object with --json, else lines for people."""
    sys.stdout.write(json.encode(found).decode() + "\n" if given.json else "".join(f"{line}\n" for line in lines))


def whole(least: int) -> Callable[[str], int]:
    """A type of argument: a whole number from `least`."""

    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise ArgumentTypeError(f"{text!r} is not a whole number from {least}")
        return int(text)

    return read


def above_zero(text: str) -> float:
    """A type of argument: a number above 0."""
    try:
        found = float(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not a number") from error
    if not 0 < found < float("inf"):
        raise ArgumentTypeError(f"{text!r} is not a number above 0")
    return found


def finished(run: Callable[[], int], extra: str) -> int:
    """The exit status of a command, however it ends; `extra` is what pip must install for it.

    Ctrl-C, a reader of standard output that went away (`| head`), a full disk, and a package that is not installed are
    no faults of the program: there is one line or none, and no traceback.
    """
    try:
        try:
            return run()
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted.\n")
        return INTERRUPTED
    except BrokenPipeError:
        if not _nobody_reads(sys.stdout.fileno()):
            raise  # another pipe or connection
        _write_nowhere()
        return CLOSED
    except OSError as error:
        if error.errno != ENOSPC:
            raise
        _write_nowhere()
        sys.stderr.write(f"The disk is full; {error.filename or 'what was to be written'} is not whole.\n")
        return FAILED
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in OURS:
            raise
        sys.stderr.write(
            f"{error.name} is not installed here; pip install --constraint constraints.txt '.[{extra}]' installs it.\n"
        )
        return FAILED


def _write_nowhere() -> None:
    """What Python still writes to standard output when it ends is lost."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _nobody_reads(pipe: int) -> bool:
    poll = select.poll()
    poll.register(pipe, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
