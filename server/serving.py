"""The match server put together: everything it is made of is built here, and ends here."""

import asyncio
import gc
import logging

import uvloop

from game.look import socket_for_images
from server.app import create_app
from server.database import opened
from server.ending import ended
from server.errors import LogUnavailable
from server.eyes import SidecarEyes
from server.http import serve
from server.lag import feel
from server.meters import Meters
from server.oracle import SidecarOracle
from server.parts import Parts
from server.projections.opening import kept
from server.settings import Settings
from server.stream.follow import follow
from server.table import now_ms
from telemetry.commandline import FAILED
from telemetry.logs import log_to_stderr
from telemetry.page import metrics_route
from telemetry.start import Telemetry, told

log = logging.getLogger("server")

SWEEP_S = 600
GARBAGE = 20_000
"""New objects before the collector looks for cycles: a match has none, and every look costs all live matches. With
512 players a tenth of the processor time of a round, against the default."""


def main(settings: Settings) -> int:
    """Serve until a signal comes; the exit status. Raises DatabaseError, and ValueError for an address that is none."""
    log_to_stderr(settings.log_level, settings.log_format, "server")
    meters = Meters()
    try:
        with told(settings, "server", meters.tallies) as telemetry:
            uvloop.run(run(settings, meters, telemetry))
    except SystemExit:  # uvicorn's, where the port is not to be had, which it has told
        log.error("The server cannot start: RPS_HOST and RPS_PORT say %s:%d.", settings.host, settings.port)
        return FAILED
    return 0


async def run(settings: Settings, meters: Meters, telemetry: Telemetry) -> None:
    """Serve until told to stop."""
    gc.freeze()  # what is loaded by now stays
    gc.set_threshold(GARBAGE)
    async with opened(settings, meters) as rounds, kept(settings) as standings:
        oracle = SidecarOracle(settings.socket, settings.inference_timeout_ms / 1000)
        eyes = SidecarEyes(socket_for_images(settings.socket))
        salt = await rounds.salt(settings.assignment_salt)
        parts = Parts(settings, rounds, oracle, eyes, salt, meters, telemetry.traces)
        works = [oracle.run(), eyes.run(), sweep(parts), parts.table.seats.watch(), feel(meters)]
        if standings is not None:
            works.append(follow(settings, rounds, standings, meters))
        background = [asyncio.create_task(work) for work in works]
        try:
            await serve(create_app(parts, [metrics_route(telemetry)], standings), parts).serve()
        finally:
            for fault in await ended(background):
                log.error("What goes on beside play had failed.", exc_info=fault)


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
