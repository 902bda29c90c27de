"""Rows sent one behind another, without waiting for the answer to each."""

import asyncio
from collections.abc import Sequence

from msgspec import MsgspecError, Struct, json
from nats.aio.client import Client
from nats.aio.msg import Msg

from server.ports import Entry
from server.stream import names
from server.stream.connection import ANSWER_S
from server.stream.errors import OutOfStep, StreamAway

WRONG_LAST_SEQUENCE = 10071


class Fault(Struct, frozen=True):
    description: str = ""
    err_code: int = 0


class Answer(Struct, frozen=True):
    """What JetStream says of a message: where it stands, or why it is not taken."""

    seq: int = 0
    error: Fault | None = None


class Publisher:
    """Sends rows to one stream. (nats-py has `publish_async`, but of 2.16 no error ever reaches who waits for it.)"""

    def __init__(self, client: Client, stream: str) -> None:
        self._client = client
        self._stream = stream
        self._inbox = client.new_inbox()
        self._waiting: dict[int, asyncio.Future[Answer]] = {}

    async def start(self) -> None:
        """Listen for answers; once, before the first row."""
        await self._client.subscribe(f"{self._inbox}.*", cb=self._heard)

    async def publish(self, entries: Sequence[Entry]) -> None:
        """Have the stream take all these rows, in this order; raises OutOfStep, StreamAway, then perhaps it took some.

        A row that stands where it belongs already is left as it is.
        """
        loop = asyncio.get_running_loop()
        self._waiting = {entry.position: loop.create_future() for entry in entries}
        try:
            for entry in entries:
                reply = f"{self._inbox}.{entry.position}"
                subject, headers = names.subject(self._stream, entry), names.headers(entry)
                await self._client.publish(subject, entry.body, reply=reply, headers=headers)
            async with asyncio.timeout(ANSWER_S):
                for position, answer in self._waiting.items():
                    _check(await answer, position)
        finally:
            self._waiting = {}

    async def _heard(self, message: Msg) -> None:
        waiting = self._waiting.get(int(message.subject.rpartition(".")[2]))
        if waiting is not None and not waiting.done():
            waiting.set_result(_answer(message))


def _answer(message: Msg) -> Answer:
    if not message.data:  # nobody listens on the subject, which NATS says in a header
        return Answer(error=Fault("there is no such stream"))
    try:
        return json.decode(message.data, type=Answer)
    except MsgspecError:
        return Answer(error=Fault("NATS says something that is no answer of JetStream"))


def _check(answer: Answer, position: int) -> None:
    if answer.error is not None and answer.error.err_code != WRONG_LAST_SEQUENCE:
        raise StreamAway(f"The stream did not take row {position}: {answer.error.description}.")
    if answer.seq != position:
        raise OutOfStep(f"The stream does not end before row {position}.")
