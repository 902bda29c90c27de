"""What becomes of a message: it is done, or refused with its code, and what it was owed and did not get is counted."""

import logging
from collections.abc import Awaitable, Callable
from typing import get_args

from msgspec import UNSET

from game import wire
from game.codes import Code
from game.errors import BadImage, GameError
from server.audience import Connection
from server.errors import LogUnavailable, Refusal
from server.meters import Meters
from server.spans import in_trace
from telemetry.traces import Span

log = logging.getLogger(__name__)

RETRY_MS = 1000
FAULT = 1011
TAGS: dict[type, str] = {kind: str(kind.__struct_config__.tag) for kind in get_args(wire.ClientMessage)}
FAILURES = Code.LOG_UNAVAILABLE, Code.CORRUPT_RECORD
"""Refusals that are the server's own failure."""
UNKNOWN = Code.UNKNOWN_MATCH, Code.BAD_TOKEN

Message = wire.ClientMessage | None


class Outcomes:
    """Of one socket's messages; `span` gives that of the open round which a message is about."""

    def __init__(self, connection: Connection, meters: Meters, span: Callable[[Message], Span | None]) -> None:
        self._connection = connection
        self._meters = meters
        self._span = span

    async def attempt(self, doing: Callable[[], Awaitable[None]], about: Message) -> None:
        """Do something that this message wants; whatever is wrong with it is refused with its code."""
        try:
            await doing()
        except Refusal as error:
            self.refuse(error, about)
        except (GameError, BadImage) as error:
            self.refuse(Refusal(error.code, str(error)), about)
        except LogUnavailable as error:
            with in_trace(self._span(about)):
                log.error("A message was refused because the log is unavailable: %s", error)
            self.refuse(Refusal(Code.LOG_UNAVAILABLE, retry_after_ms=RETRY_MS), about)
        except Exception:  # the session's outermost edge: nobody may wait for an answer that will never come
            with in_trace(self._span(about)):
                log.exception("A message could not be handled; its socket is closed.")
            self._failed(about, "error")
            self._connection.close(FAULT, "internal error")

    def refuse(self, refusal: Refusal, about: Message) -> None:
        """Say why not, and which match and round that is about."""
        self._meters.refused(refusal.code)
        if refusal.code in FAILURES:
            self._failed(about, refusal.code.value)
        elif refusal.code in UNKNOWN and isinstance(about, wire.Hello | wire.Sync):
            self._meters.resumed(TAGS[type(about)], "unknown")
        named = refusal.match or getattr(about, "match", None)
        round = getattr(about, "round", None)
        retry = refusal.retry_after_ms
        self._connection.tell(
            wire.Refused(
                code=refusal.code,
                message=str(refusal),
                match=UNSET if named is None else named,
                round=UNSET if round is None else round,
                retry_after_ms=UNSET if retry is None else retry,
            )
        )

    def _failed(self, about: Message, reason: str) -> None:
        """Count what the server owed the player and did not do: a throw's result, or their match."""
        play = isinstance(about, wire.Gesture) and about.intent is wire.Intent.PLAY
        if play or isinstance(about, wire.Throw | wire.Start):
            self._meters.failed(reason)
        elif isinstance(about, wire.Sync) or (isinstance(about, wire.Hello) and about.token is not None):
            self._meters.resumed(TAGS[type(about)], "failed")
