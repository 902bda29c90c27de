"""What the trainer has written for everybody to read: the ledger of promotions, and notices of what it is doing.

It writes from a process of its own, and here that is only read. A body that is not JSON is told as a text.
"""

from msgspec import MsgspecError, Raw, Struct, json

from server.ports import Notices

PAGE, MOST = 100, 500
"""Ledger entries in one answer: unless asked for more, and at most."""
PROGRESS = "progress"
COMPARISONS = "comparisons"


class Entry(Struct, frozen=True):
    """One decision about what serves, as it stands in the ledger."""

    number: int
    hash: str
    entry: Raw


class Promotions(Struct, frozen=True):
    """A page of the ledger, oldest first; `last` is the newest number that there is, 0 if there is none."""

    entries: list[Entry]
    last: int
    comparisons: Raw | None


class Progress(Struct, frozen=True):
    """What the trainer said of itself, and when (milliseconds since 1970)."""

    progress: Raw
    at: int


class Lifecycle:
    """How models came and went. All raise LogUnavailable."""

    def __init__(self, notices: Notices) -> None:
        self._notices = notices

    async def promotions(self, after: int | None, limit: int) -> Promotions:
        """Those after number `after`, or the newest where none is given; `limit` at most."""
        found = await self._notices.ledger(after, limit)
        last = await self._notices.last_entry()
        entries = [Entry(number, hash, _raw(body)) for number, hash, body in found]
        comparisons = await self._notices.notice(COMPARISONS)
        return Promotions(entries, last, _raw(comparisons[0]) if comparisons else None)

    async def progress(self) -> Progress | None:
        """What the trainer is doing, nothing if it has never said."""
        told = await self._notices.notice(PROGRESS)
        return Progress(_raw(told[0]), told[1]) if told else None


def _raw(body: bytes) -> Raw:
    """The body as it is if it is JSON, else as a JSON text."""
    text = body.decode(errors="replace")
    try:
        return json.decode(text, type=Raw)
    except (MsgspecError, RecursionError):
        return Raw(json.encode(text))
