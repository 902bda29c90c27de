"""`python -m bench commands`: docs/commands.md, made from what every command line says of itself."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from inference.commandline import parser as inference
from server.commandline import parser as server
from telemetry.commandline import Form, Parser, ending
from trainer.commandline import parser as trainer

WIDTH = 100
HEAD = """# Commands

Every process and tool says the same with `--help`. This page is made of that; after a change of a command line make it
again:

```sh
python -m bench commands > docs/commands.md
```

Exit statuses, unless a command says more: 0 done, 1 it could not be done or something does not hold, 2 the arguments
are wrong, 130 interrupted by Ctrl-C, 141 whoever read the output went away (`| head`). With `--json` one JSON object
stands on standard output and nothing else; what is said meanwhile goes to standard error.
"""


def sections() -> Mapping[str, Sequence[ArgumentParser]]:
    """The command lines by what they belong to."""
    from bench import __main__ as system  # it imports this module, for `python -m bench commands`
    from bench import findings, looking, newcomer, people, reading, servers, sizing, telling, training, trial
    from k8s import check
    from k8s.boards import __main__ as boards
    from k8s.images import __main__ as images
    from models.hands import fetch

    benches = [system, people, servers, trial, newcomer, findings, looking, reading, sizing, telling, training]
    return {
        "The match server": [server()],
        "The sidecar": [inference()],
        "The trainer": [trainer()],
        "Measuring": [*(one.parser() for one in benches), parser()],
        "Tools": [fetch.parser(), check.parser(), images.parser(), boards.parser()],
    }


def walked(line: ArgumentParser) -> Iterator[ArgumentParser]:
    """The command line and those of its commands."""
    yield line
    if isinstance(line, Parser):
        for one in line.commands.values():
            yield from walked(one)


def page() -> str:
    """The whole of docs/commands.md, the same on every terminal."""
    parts = [HEAD]
    for title, lines in sections().items():
        every = [one for line in lines for one in walked(line)]
        parts += [f"\n## {title}\n", "| command | what it does |\n|---|---|"]
        parts += [f"| `{one.prog}` | {_first(one)} |" for one in every]
        parts += [f"\n```text\n{_help(one)}```" for one in every]
    return "\n".join(parts) + "\n"


def _first(line: ArgumentParser) -> str:
    return (line.description or "").partition(". ")[0].rstrip(".") + "."


def _help(line: ArgumentParser) -> str:
    line.formatter_class = partial(Form, width=WIDTH)
    return line.format_help()


def parser() -> Parser:
    """The command line."""
    return Parser(
        "python -m bench commands",
        description="Print docs/commands.md, made from what every command line says of itself.",
        epilog=ending(examples=["python -m bench commands > docs/commands.md"]),
    )


def main(arguments: Sequence[str]) -> int:
    parser().parse_args(arguments)
    sys.stdout.write(page())
    return 0
