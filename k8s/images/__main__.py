"""`python -m k8s.images lock` writes what each image installs; `check` says whether that would change anything."""

import sys
from collections.abc import Sequence
from difflib import unified_diff

from k8s.images.locks import CONTENTS, LockError, made, path_of
from telemetry.commandline import Parser, add_json, ending, finished, print_result


def parser() -> Parser:
    """The command line."""
    line = Parser(
        "python -m k8s.images",
        description="Write what each container image installs, or say whether that would change anything.",
        epilog=ending(
            examples=["python -m k8s.images check", "python -m k8s.images lock server"],
            exits="0 done, or nothing would change, 1 something would, or pip found no answer.",
        ),
    )
    line.add_argument("command", choices=["lock", "check"], help="write the locks, or compare them")
    line.add_argument("processes", nargs="*", metavar="PROCESS", help=f"of {', '.join(CONTENTS)} (default: all)")
    add_json(line)
    return line


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 1 where a lock could not be made, or is not as it would be made now."""
    line = parser()
    given = line.parse_args(arguments)
    if unknown := sorted(set(given.processes) - CONTENTS.keys()):
        line.error(f"there is no image of {', '.join(unknown)}")
    changes: dict[str, list[str]] = {}
    for process in given.processes or CONTENTS:
        path = path_of(process)
        try:
            text = made(process)
        except LockError as error:
            sys.stderr.write(f"{path.name}: {error}\n")
            return 1
        if given.command == "lock":
            path.write_text(text)
            changes[process] = []
            continue
        is_now = path.read_text() if path.exists() else ""
        lines = list(unified_diff(is_now.splitlines(), text.splitlines(), path.name, "made now", n=0, lineterm=""))
        changes[process] = lines
        if not given.json:
            sys.stdout.writelines(f"{one}\n" for one in lines)
    if given.json:
        print_result(given, {"changes": changes}, [])
    return int(any(changes.values()))


if __name__ == "__main__":
    sys.exit(finished(main, "dev"))
