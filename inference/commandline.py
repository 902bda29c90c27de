"""What can be asked of `python -m inference`; nothing of the sidecar is loaded here."""

from inference.settings import Settings
from telemetry.commandline import Parser, add_json, add_version, ending


def parser() -> Parser:
    """The command line."""
    line = Parser(
        "python -m inference",
        description="Hold the hot models and answer what they expect of a player, until a signal comes, or run one "
        "command.",
        epilog=ending(settings=Settings, examples=["python -m inference", "python -m inference doctor"]),
    )
    add_version(line)
    looked = line.command(
        "doctor",
        "Look whether everything that the sidecar needs is there, and say how to mend what is not. Changes nothing.",
        ending(exits="0 nothing has failed, warnings allowed, 1 something has failed."),
    )
    add_json(looked)
    line.command("describe", "Print the OpenAPI specification of the sidecar's HTTP port: docs/ holds the same.")
    return line
