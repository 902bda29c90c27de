"""`python -m k8s.boards` writes the dashboards and rules; `publish` imports the dashboards into a Grafana."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from k8s.boards.board import RUNBOOK
from k8s.boards.files import boards, made
from k8s.boards.publish import Grafana, PublishError
from telemetry.commandline import Parser, add_json, ending, finished, print_result


def parser() -> Parser:
    """The command line."""
    line = Parser(
        "python -m k8s.boards",
        description="Write the dashboards and rules that Grafana and Prometheus read, or publish the dashboards.",
        epilog=ending(examples=["python -m k8s.boards"]),
    )
    add_json(line)
    publish = line.command(
        "publish",
        "Import the dashboards into a Grafana. The token is read from GRAFANA_TOKEN.",
        ending(exits="0 all are there, 1 Grafana refuses or does not answer."),
    )
    publish.add_argument("--url", required=True, metavar="URL", help="where Grafana is")
    publish.add_argument("--folder", default="RPS Quest", help="the folder's title (default: %(default)s)")
    publish.add_argument(
        "--runbook", default=RUNBOOK, metavar="URL", help="docs/operations.md, for links (default: %(default)s)"
    )
    add_json(publish)
    return line


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 1 where Grafana does not take the dashboards."""
    given = parser().parse_args(arguments)
    if given.command is None:
        written = []
        for path, text in made().items():
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            written.append(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))
        print_result(given, {"written": written}, written)
        return 0
    try:
        grafana = Grafana(given.url, os.environ.get("GRAFANA_TOKEN", ""))
        addresses = list(grafana.publish(boards(), given.folder, given.runbook))
    except PublishError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    print_result(given, {"published": addresses}, addresses)
    return 0


if __name__ == "__main__":
    sys.exit(finished(main, "dev"))
