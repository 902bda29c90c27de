"""The seats: who is present, and by what right this server writes for them.

Several servers may share the log. With each hello a seat claims its player, and from then on the log takes nothing of
theirs from whoever held them before: that seat is lost, its memory worth nothing and its sockets closed.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from game.codes import Code
from game.knowledge import NOTHING
from game.records import PlayerKind, Record
from game.state import Match
from server.audience import Audience
from server.errors import LogUnavailable, Overtaken, Refusal
from server.ports import Claim, Players, RoundLog
from server.spans import Trail
from telemetry.traces import Traces


class Seat:
    """A player who is present, and their live or latest match as far as it is in memory."""

    def __init__(self, player: str, kind: PlayerKind, trail: Trail) -> None:
        self.player = player
        self.known = NOTHING
        self.kind = kind
        self.claim: Claim | None = None
        """What this seat writes with; none before the first hello, and once it is unknown what the log holds."""
        self.epoch = 0
        """Of the latest claim that it had, even when it holds none."""
        self.lost = False
        """Whether another server has claimed the player since."""
        self.lock = asyncio.Lock()
        self.match: Match | None = None
        self.sockets = 0
        self.trail = trail
        self.fault: str | None = None
        """Why no model answered for the open round, if none did and this server was the one to ask."""

    @property
    def live(self) -> Match | None:
        """The match, if it is in memory and has not ended."""
        match = self.match
        return match if match is not None and match.closed is None else None


class Matches(RoundLog, Players, Protocol):
    """What is kept of matches and players."""


class Seats:
    """Everybody's. Whoever calls `claim`, `hold` or `append` holds the seat's lock."""

    def __init__(self, log: Matches, audience: Audience, traces: Traces) -> None:
        self._log = log
        self._audience = audience
        self._traces = traces
        self._seats: dict[str, Seat] = {}

    def sit(self, player: str, kind: PlayerKind = PlayerKind.HUMAN) -> Seat:
        """The player's seat, taken by one more of their sockets."""
        seat = self._seats.get(player)
        if seat is None:
            seat = self._seats[player] = Seat(player, kind, Trail(self._traces))
        seat.sockets += 1
        return seat

    async def rise(self, seat: Seat) -> None:
        """One of the player's sockets is gone; with the last one goes the seat, once nothing happens at it."""
        async with seat.lock:
            seat.sockets -= 1
            if not seat.sockets:
                del self._seats[seat.player]
                seat.trail.left()

    def live(self) -> int:
        """How many matches of players who are present are live; may be asked from any thread."""
        return sum(seat.live is not None for seat in list(self._seats.values()))

    async def quiet(self) -> None:
        """Wait until what is under way at each seat is done."""
        for seat in list(self._seats.values()):
            async with seat.lock:
                pass

    async def watch(self) -> None:
        """Let go of players whom other servers claim, until cancelled."""
        async for claim in self._log.taken_over():
            seat = self._seats.get(claim.player)
            if seat is not None:
                async with seat.lock:
                    if seat.epoch < claim.epoch:
                        self._lose(seat)

    async def hold(self, seat: Seat) -> Claim:
        """What the seat writes with; raises Refusal if another server has the player."""
        if seat.lost:
            raise Refusal(Code.ELSEWHERE)
        return seat.claim or await self.claim(seat)

    async def claim(self, seat: Seat) -> Claim:
        """Claim the player; what is in memory stays if nobody else has had them since the seat's last claim."""
        before, seat.claim = seat.claim, None
        claim = await self._log.claim(seat.player)
        if before is None or claim.epoch != before.epoch + 1:
            seat.match = None
            player = await self._log.player(seat.player)
            seat.known = NOTHING if player is None else player.known
        seat.claim, seat.epoch, seat.lost = claim, claim.epoch, False
        return claim

    def _lose(self, seat: Seat) -> None:
        """Another server has the player."""
        seat.match, seat.lost = None, True
        seat.trail.left()
        self._audience.dismiss(seat.player)

    async def append(self, seat: Seat, records: Sequence[Record]) -> None:
        """Make the records durable; if that is not certain, or another server has the player, memory is worth nothing.

        What could not be confirmed may still become durable later, but not after the next claim.
        """
        try:
            await self._log.append(records, await self.hold(seat))
        except LogUnavailable:
            seat.match = seat.claim = None
            raise
        except Overtaken as error:
            self._lose(seat)
            raise Refusal(Code.ELSEWHERE) from error
