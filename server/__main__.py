"""The match server's command line and composition root."""

import argparse
import asyncio
import gc
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import uvloop

from game.settings import SettingsError, load
from server import verify
from server.app import create_app
from server.errors import DatabaseError, LogUnavailable
from server.http import serve
from server.oracle import SidecarOracle
from server.parts import Parts
from server.settings import Settings
from server.sqlite import opened
from server.table import now_ms

log = logging.getLogger("server")

SWEEP_S = 600
GARBAGE = 20_000
"""New objects before the collector looks for cycles: a match has none, and every look costs all live matches. With
512 players a tenth of the processor time of a round, against the default."""
FAILED = 1


async def run(settings: Settings) -> None:
    """Serve until told to stop."""
    gc.freeze()  # what is loaded by now stays
    gc.set_threshold(GARBAGE)
    async with opened(settings.database, settings.durability) as rounds:
        oracle = SidecarOracle(settings.socket, settings.inference_timeout_ms / 1000)
        parts = Parts(settings, rounds, oracle, await rounds.salt(settings.assignment_salt))
        background = [asyncio.create_task(oracle.run()), asyncio.create_task(sweep(parts))]
        try:
            await serve(create_app(parts), parts).serve()
        finally:
            for task in background:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


async def sweep(parts: Parts) -> None:
    """Close matches that nobody came back to, now and then."""
    while True:
        try:
            closed = await parts.table.expire(now_ms() - int(parts.settings.idle_match_s * 1000))
            if closed:
                log.info("Closed %d matches that nobody came back to.", closed)
        except LogUnavailable as error:
            log.warning("Idle matches were left as they are: %s", error)
        await asyncio.sleep(SWEEP_S)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve, or check a transcript; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m server",
        description="Serve matches of RPS Quest to browsers, or run one command.",
        epilog="Settings are variables: " + ", ".join(f"RPS_{name.upper()}" for name in Settings.__struct_fields__),
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    check = commands.add_parser("verify", help="check the transcript of a finished match")
    check.add_argument("transcript", type=Path, metavar="TRANSCRIPT.json")
    check.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(arguments)
    if given.command == "verify":
        return verify.main(given.transcript, given.json)
    try:
        settings = load(Settings, os.environ)
        logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
        uvloop.run(run(settings))
    except (SettingsError, DatabaseError, ValueError) as error:
        sys.stderr.write(f"The server cannot start: {error}\n")
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())
