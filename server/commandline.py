"""What can be asked of `python -m server`; nothing of the server is loaded here."""

from pathlib import Path

from server.settings import Settings
from telemetry.commandline import Parser, add_json, add_version, ending, whole

LOG_ROW = "a row of the round log, counted from 1"


def parser() -> Parser:
    """The command line."""
    line = Parser(
        "python -m server",
        description="Serve matches of RPS Quest to browsers until a signal comes, or run one command.",
        epilog=ending(
            settings=Settings,
            examples=["python -m server", "RPS_PORT=8080 python -m server", "python -m server doctor"],
        ),
    )
    add_version(line)
    _about_matches(line)
    _about_this_installation(line)
    return line


def _about_matches(line: Parser) -> None:
    check = line.command(
        "verify",
        "Check the transcript of a finished match: every seal, value and score, from its seed alone.",
        ending(
            examples=[
                "curl -s http://127.0.0.1:8000/api/matches/$MATCH > match.json",
                "python -m server verify match.json",
            ],
            exits="0 everything holds, 1 something does not, 2 it is no transcript or cannot be read.",
        ),
    )
    check.add_argument(
        "transcript", type=Path, metavar="TRANSCRIPT.json", help="what the server answers at /api/matches/MATCH"
    )
    add_json(check)
    again = line.command(
        "replay",
        "Print rows of the round log as the stream tells them. Needs RPS_STREAM_URL.",
        ending(examples=["python -m server replay --from 1000 --to 2000 --json"]),
    )
    again.add_argument(
        "--from", dest="begin", type=whole(1), default=1, metavar="POSITION", help=f"the first, {LOG_ROW} (default: 1)"
    )
    again.add_argument(
        "--to", dest="end", type=whole(1), metavar="POSITION", help=f"the last, {LOG_ROW} (default: the stream's end)"
    )
    add_json(again, "print a JSON object for each row, a line each, with the row's body")
    counts = line.command("standings", "Say how far the leaderboard and the statistics have come in the log.")
    counts.add_argument("--rebuild", action="store_true", help="forget them and make them again from the round log")
    add_json(counts)


def _about_this_installation(line: Parser) -> None:
    looked = line.command(
        "doctor",
        "Look whether everything that the server needs is there, and say how to mend what is not. Changes nothing.",
        ending(exits="0 nothing has failed, warnings allowed, 1 something has failed."),
    )
    add_json(looked)
    kept = line.command(
        "backup",
        "Copy everything that is kept into a folder, while the server plays on. With --verify check such a copy.",
        ending(
            examples=["python -m server backup /tmp/rps-backup", "python -m server backup --verify /tmp/rps-backup"],
            exits="0 the copy is whole, 1 it is not, or could not be made.",
        ),
    )
    kept.add_argument("folder", type=Path, metavar="FOLDER", help="where the copy is to be, new or empty, or is")
    kept.add_argument("--verify", action="store_true", help="check the copy in FOLDER instead of making one")
    add_json(kept)
    described = line.command(
        "describe", "Print the specification of what the server speaks, as JSON: docs/ holds the same."
    )
    described.add_argument(
        "what", choices=["asyncapi", "openapi"], help="asyncapi: the browser protocol, rps.v1; openapi: the HTTP routes"
    )
