"""`python -m bench.sink PORT [hangs]`: takes what is posted to it, as an OTLP receiver would, and looks at nothing."""

import asyncio
import sys
from contextlib import suppress


async def serve(port: int, hangs: bool) -> None:
    """Answer every request with 200, or read it and never answer."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lines = head.lower().split(b"\r\n")
                length = next(int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:"))
                await reader.readexactly(length)
                if not hangs:
                    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):  # a terminal's Ctrl-C reaches it too; who started it says so
        asyncio.run(serve(int(sys.argv[1]), "hangs" in sys.argv[2:]))
