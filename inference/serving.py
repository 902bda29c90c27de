"""The sidecar put together: everything it is made of is built here, and ends here."""

import asyncio
import gc
import logging
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvicorn
import uvloop

from game.ask import UNASKED, Response
from game.look import socket_for_images
from inference import gestures
from inference.batch import Desk
from inference.eyes import listen_for_images
from inference.follow import Follower
from inference.http import create_app
from inference.levels import tell_levels
from inference.lookout import Lookout
from inference.meters import Meters
from inference.places import bind_tcp, bind_unix
from inference.protocol import listen
from inference.settings import Settings
from inference.shelf import Window
from inference.sights import GestureFollower, GestureWindow, Sights
from models.hands.hands import Hands
from models.places import gestures_at, store_at
from telemetry.logs import log_to_stderr
from telemetry.page import metrics_route
from telemetry.start import Telemetry, told

log = logging.getLogger("inference")


def main(settings: Settings) -> int:
    """Serve until a signal comes; the exit status. Raises StartError."""
    log_to_stderr(settings.log_level, settings.log_format, "inference")
    meters = Meters()
    with told(settings, "inference", meters.tallies) as telemetry:
        uvloop.run(serve(settings, meters, telemetry))
    return 0


class HttpServer(uvicorn.Server):
    """Uvicorn beside others in one loop: signals are this process's business."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(settings: Settings, meters: Meters, telemetry: Telemetry) -> None:
    """Serve until SIGTERM or SIGINT, then finish what was asked; raises StartError."""
    started = time.monotonic()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    http_socket = bind_tcp(settings.inference_host, settings.inference_port)
    for_rounds = bind_unix(settings.socket)
    for_images = bind_unix(socket_for_images(settings.socket))

    window, seen_in = Window(), GestureWindow()
    kept = settings.store, settings.data_dir, settings.bundle_key
    follower = Follower(store_at(*kept), window, meters)
    gesture_follower = GestureFollower(gestures_at(*kept), seen_in, meters)
    await asyncio.gather(follower.look(), gesture_follower.look())
    sights = Sights(seen_in, await asyncio.to_thread(Hands.load))
    desk = Desk(window, meters=meters, traces=telemetry.traces)
    lookout = Lookout(sights, meters=meters, traces=telemetry.traces)
    tell_levels(meters.tallies, desk, lookout, follower, gesture_follower)

    rounds = await listen(for_rounds, desk, lambda: window.shelf.greeting())
    follower.herald = lambda shelf: rounds.tell(Response(UNASKED, {}, greeting=shelf.greeting()))
    listeners = [rounds, await listen_for_images(for_images, lookout)]
    http = HttpServer(
        uvicorn.Config(
            create_app(window, follower, [*gestures.routes(lookout, seen_in, sights), metrics_route(telemetry)]),
            lifespan="off",
            ws="none",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            limit_concurrency=64,
            timeout_graceful_shutdown=1,
        )
    )
    serving = asyncio.create_task(http.serve(sockets=[http_socket]))
    working = [asyncio.create_task(work) for work in (follower.follow(), gesture_follower.follow(), lookout.work())]
    for task in (serving, *working):  # none of them ends before the stop unless something is badly wrong
        task.add_done_callback(lambda _: stop.set())
    gc.freeze()  # what is imported and loaded by now stays: no collection need walk it
    host, port = http_socket.getsockname()[:2]
    log.info("Ready in %.1f s, on %s and http://%s:%d/v2.", time.monotonic() - started, settings.socket, host, port)

    await stop.wait()
    http.should_exit = True
    for path in (settings.socket, socket_for_images(settings.socket)):
        with suppress(FileNotFoundError):
            path.unlink()  # while it still listens: until then nobody else can have taken the path
    await asyncio.gather(*(listener.close() for listener in listeners))
    await serving
    for task in working:
        task.cancel()
    log.info("Stopped.")
