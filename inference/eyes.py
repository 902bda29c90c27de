"""The Unix socket that match servers ask on what images show (`game.look`)."""

from socket import socket

from game.look import MAX_LOOK_FRAME, request_decoder
from inference.lookout import Lookout
from inference.protocol import Connection, Listener, Service, serve


async def listen_for_images(bound: socket, lookout: Lookout) -> Listener:
    """Answer on this bound socket from now on."""

    def take(body: bytes, asker: Connection) -> None:
        lookout.ask(request_decoder.decode(body), asker)

    return await serve(bound, Service(MAX_LOOK_FRAME, take, lookout.drain))
