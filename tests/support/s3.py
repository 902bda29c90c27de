"""An S3 server in this process, behind real HTTP. Every one that is started holds the same buckets."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

ACCESS, SECRET = "access", "the+secret/of=all"


@contextmanager
def serving(port: int = 0, app: Any = None) -> Iterator[int]:
    """Serve on the port; one request at a time, because conditional writes are not atomic here otherwise."""
    server = make_server("127.0.0.1", port, app or DomainDispatcherApplication(create_backend_app))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
