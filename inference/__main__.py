"""The sidecar process: `python -m inference`. Everything it is made of is put together here."""

import argparse
import asyncio
import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import uvicorn
import uvloop

from game.settings import SettingsError, load
from inference.batch import Desk
from inference.errors import StartError
from inference.follow import Follower
from inference.http import create_app
from inference.places import bind_tcp, bind_unix
from inference.protocol import listen
from inference.settings import Settings
from inference.shelf import Window
from models.places import store_at

log = logging.getLogger("inference")


class HttpServer(uvicorn.Server):
    """Uvicorn beside others in one loop: signals are this process's business."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then finish what was asked; raises StartError."""
    started = time.monotonic()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    http_socket = bind_tcp(settings.inference_host, settings.inference_port)
    socket = bind_unix(settings.socket)

    window = Window()
    store = store_at(settings.store, settings.data_dir, settings.bundle_key)
    follower = Follower(store, window)
    await follower.look()

    listener = await listen(socket, Desk(window), lambda: window.shelf.greeting())
    http = HttpServer(
        uvicorn.Config(
            create_app(window, follower),
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
    following = asyncio.create_task(follower.follow())
    serving.add_done_callback(lambda _: stop.set())
    gc.freeze()  # what is imported and loaded by now stays: no collection need walk it
    host, port = http_socket.getsockname()[:2]
    log.info("Ready in %.1f s, on %s and http://%s:%d/v2.", time.monotonic() - started, settings.socket, host, port)

    await stop.wait()
    following.cancel()
    http.should_exit = True
    with suppress(FileNotFoundError):
        settings.socket.unlink()  # while it still listens: until then nobody else can have taken the path
    await listener.close()
    await serving
    log.info("Stopped.")


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 after a signal, 1 where the process could not start."""
    argparse.ArgumentParser(
        prog="python -m inference",
        description="Hold the hot models and answer what they expect of a player.",
        epilog="Settings are variables: " + ", ".join(f"RPS_{name.upper()}" for name in Settings.__struct_fields__),
    ).parse_args(arguments)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO)
    try:
        settings = load(Settings, os.environ)
        logging.getLogger().setLevel(settings.log_level.upper())
        uvloop.run(serve(settings))
    except (SettingsError, StartError) as error:
        log.error(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
