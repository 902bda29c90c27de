"""The stream itself: made if it is not there, kept as long as is wished, and checked to be this log's."""

import asyncio
import logging

from msgspec import Struct
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig, StreamInfo
from nats.js.errors import NotFoundError

from server.ports import History
from server.stream import names
from server.stream.errors import NotOurs

log = logging.getLogger(__name__)

DAY_S = 86_400.0
ROUNDED_S = 0.001
"""NATS tells an age in nanoseconds, of which a float keeps not all."""
WINDOW_S = 120.0
"""How long JetStream remembers a message's id; less where rows are kept for less."""


class Kept(Struct, frozen=True):
    """The stream's name, and for how many days it keeps a row; 0 is for ever."""

    name: str
    days: float = 0


async def ensured(stream: JetStreamContext, kept: Kept, history: History, gone_s: float = 0) -> int:
    """The last position that the stream of this name has been given, 0 if none; it is made, or kept for longer or
    shorter, where it must be. Raises NotOurs where it holds anything but this log.

    It is made `gone_s` seconds after it was found to be missing.
    """
    try:
        info = await stream.stream_info(kept.name)
    except NotFoundError:
        await asyncio.sleep(gone_s)
        info = await stream.add_stream(_wanted(kept))
        log.info("The stream %s is new.", kept.name)
    last = await checked(stream, info, kept.name, history)
    age, window = kept.days * DAY_S, _window(kept.days)
    if abs((info.config.max_age or 0) - age) > ROUNDED_S:
        await stream.update_stream(info.config, max_age=age, duplicate_window=window)
        log.info("The stream %s keeps a row %s now.", kept.name, f"for {kept.days:g} days" if kept.days else "for ever")
    return last


async def checked(stream: JetStreamContext, info: StreamInfo, name: str, history: History) -> int:
    """The last position that this stream has been given; raises NotOurs where it holds anything but this log."""
    if info.config.subjects != [names.subjects(name)]:
        said = f"it listens to {info.config.subjects}, not to {names.subjects(name)}"
        raise NotOurs(f"There is a stream {name} already, but {said}: give ours another name by RPS_STREAM_NAME.")
    last = info.state.last_seq
    end = await history.last_position()  # asked for after the stream's end, which can only be behind it
    if last > end:
        raise NotOurs(_foreign(name, f"It has come to row {last}, the log only to {end}."))
    if last > 0 and info.state.messages > 0:
        await _compare(stream, name, last, history)
    return last


async def _compare(stream: JetStreamContext, name: str, last: int, history: History) -> None:
    """Hold the stream's last row against the log's."""
    try:
        message = await stream.get_msg(name, last)
    except NotFoundError:  # it has just grown too old, or somebody deleted it
        return
    try:
        row = names.entry(message.headers, message.data or b"")
    except NotOurs as error:
        raise NotOurs(_foreign(name, str(error))) from error
    if [row] != await history.since(last - 1, 1):
        raise NotOurs(_foreign(name, f"Its row {last} is not that of this log."))


def _foreign(name: str, why: str) -> str:
    return (
        f"The stream {name} is another database's. {why} Nothing is published: give ours another name by "
        f"RPS_STREAM_NAME, or delete that stream, and it is filled again from the log."
    )


def _wanted(kept: Kept) -> StreamConfig:
    return StreamConfig(
        name=kept.name,
        description="The round log of RPS Quest, row by row.",
        subjects=[names.subjects(kept.name)],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.OLD,
        max_age=kept.days * DAY_S,
        duplicate_window=_window(kept.days),
    )


def _window(days: float) -> float:
    return min(WINDOW_S, days * DAY_S) if days else WINDOW_S
