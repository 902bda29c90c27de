"""The yardstick: a bare `websockets` server that answers each move with two messages of the game's own sizes.

`python -m bench.echo PORT RESULT_BYTES ROUND_BYTES`
"""

import asyncio
import sys
from contextlib import suppress

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


async def main(port: int, result: str, round: str) -> None:
    async def answer(socket: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            async for _ in socket:
                await socket.send(result)
                await socket.send(round)

    async with serve(answer, "127.0.0.1", port, compression=None) as server:
        await server.serve_forever()


if __name__ == "__main__":
    port, result, round = map(int, sys.argv[1:])
    with suppress(KeyboardInterrupt):  # a terminal's Ctrl-C reaches it too; who started it says so
        asyncio.run(main(port, "r" * result, "o" * round))
