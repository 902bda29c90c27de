"""`python -m server replay`: rows of the log as the stream tells them, from any point on."""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from msgspec import Raw, Struct, json
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from server.ports import Entry
from server.settings import Settings
from server.stream import names
from server.stream.connection import ANSWER_S, connected
from server.stream.errors import StreamAway, StreamError

BATCH = 256
FORGOTTEN_S = 60.0
"""JetStream forgets the reader's place this long after the reader has gone."""
FAILED = 1


class Line(Struct, frozen=True):
    """A row as one line of JSON; its body is told as it is."""

    position: int
    match: str
    round: int
    kind: str
    at: int
    body: Raw


async def replayed(url: str, name: str, begin: int, end: int | None = None) -> AsyncIterator[Entry]:
    """The rows of the stream from position `begin` to `end`, or to where the stream ends now; raises StreamError.

    Rows that grew too old to be kept are left out.
    """
    async with connected(url) as client:
        stream = client.jetstream(timeout=ANSWER_S)
        try:
            state = (await stream.stream_info(name)).state
        except NotFoundError as error:
            raise StreamAway(f"There is no stream {name}.") from error
        begin, last = max(begin, state.first_seq), min(state.last_seq, state.last_seq if end is None else end)
        if begin > last or not state.messages:
            return
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=begin,
            ack_policy=AckPolicy.NONE,
            inactive_threshold=FORGOTTEN_S,
        )
        messages = await stream.pull_subscribe(names.subjects(name), stream=name, config=config)
        while begin <= last:
            for message in await messages.fetch(min(BATCH, last - begin + 1), timeout=ANSWER_S):
                entry = names.entry(message.headers, message.data)
                if entry.position > last:
                    return
                yield entry
                begin = entry.position + 1


async def _print(settings: Settings, begin: int, end: int | None, as_json: bool) -> None:
    async for entry in replayed(settings.stream_url, settings.stream_name, begin, end):
        sys.stdout.write(_line(entry) if as_json else _told(entry))


def _line(entry: Entry) -> str:
    row = Line(entry.position, entry.match, entry.round, entry.kind, entry.at, Raw(entry.body))
    return json.encode(row).decode() + "\n"


def _told(entry: Entry) -> str:
    at = datetime.fromtimestamp(entry.at / 1000, UTC).isoformat(timespec="milliseconds")
    return f"{entry.position:>9}  {at}  {entry.match}  round {entry.round:<3}  {entry.kind}\n"


def main(settings: Settings, begin: int, end: int | None, as_json: bool) -> int:
    """Print these rows, a line each; returns the exit status."""
    if not settings.stream_url:
        sys.stderr.write("There is no stream: RPS_STREAM_URL is not set.\n")
        return FAILED
    try:
        asyncio.run(_print(settings, begin, end, as_json))
    except StreamError as error:
        sys.stderr.write(f"The stream cannot be replayed: {error}\n")
        return FAILED
    return 0
