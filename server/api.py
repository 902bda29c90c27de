"""HTTP beside the socket: health, standings, how models came and went, and the transcript of a finished match."""

import re
from collections.abc import Callable

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from game.codes import Code
from game.errors import CorruptRecord
from game.fold import rebuild
from game.transcript import transcript
from server.answers import answer, refused
from server.counters import Counters
from server.errors import LogUnavailable, Refusal
from server.lifecycle import MOST, PAGE, Lifecycle, Progress
from server.ports import RoundLog
from server.standings import Served, Standing, Standings, Totals

LARGEST = 2**53 - 1
"""Larger numbers are not exact in a browser."""


def _number(request: Request, name: str, least: int, most: int) -> int | None:
    """A whole number in the address, None where it is not given; raises Refusal where it is out of range or none."""
    text = request.query_params.get(name)
    if text is None:
        return None
    if re.fullmatch("[0-9]{1,16}", text) and least <= int(text) <= most:
        return int(text)
    raise Refusal(Code.BAD_QUERY, f"`{name}` must be a whole number from {least} to {most}, not {text[:40]!r}.")


class Leaderboard(Struct, frozen=True):
    """The best people, by matches won."""

    players: list[Standing]


class Stats(Struct, frozen=True):
    """What was played and how it went; `since_start` counts this process alone."""

    totals: Totals
    served: list[Served]
    trainer: Progress | None
    since_start: Counters


class Api(Struct, frozen=True):
    """The handlers; `faults` tells what keeps the server from being ready."""

    log: RoundLog
    standings: Standings
    lifecycle: Lifecycle
    counters: Counters
    faults: Callable[[], dict[str, str]]

    def routes(self) -> list[Route]:
        return [
            Route("/livez", self.livez),
            Route("/readyz", self.readyz),
            Route("/api/leaderboard", self.leaderboard),
            Route("/api/stats", self.stats),
            Route("/api/promotions", self.promotions),
            Route("/api/matches/{id}", self.match),
        ]

    async def livez(self, request: Request) -> Response:
        """The process answers."""
        return answer({"status": "alive"})

    async def readyz(self, request: Request) -> Response:
        """New players may be sent here."""
        faults = self.faults()
        return answer({"status": "ready" if not faults else "not ready", **faults}, 503 if faults else 200)

    async def leaderboard(self, request: Request) -> Response:
        try:
            return answer(Leaderboard(await self.standings.leaders()))
        except LogUnavailable:
            return refused(Code.LOG_UNAVAILABLE)

    async def stats(self, request: Request) -> Response:
        try:
            totals, served = await self.standings.totals(), await self.standings.served()
            trainer = await self.lifecycle.progress()
        except LogUnavailable:
            return refused(Code.LOG_UNAVAILABLE)
        return answer(Stats(totals, served, trainer, self.counters))

    async def promotions(self, request: Request) -> Response:
        """A page of the ledger, with the evidence of the comparisons that are under way."""
        try:
            after, limit = _number(request, "after", 0, LARGEST), _number(request, "limit", 1, MOST)
            return answer(await self.lifecycle.promotions(after, limit or PAGE))
        except Refusal as error:
            return refused(error.code, str(error))
        except LogUnavailable:
            return refused(Code.LOG_UNAVAILABLE)

    async def match(self, request: Request) -> Response:
        """The transcript; nothing of a live match is told."""
        try:
            records = await self.log.records(request.path_params["id"])
            if not records:
                return refused(Code.UNKNOWN_MATCH)
            match = rebuild(records)
        except LogUnavailable:
            return refused(Code.LOG_UNAVAILABLE)
        except CorruptRecord:
            return refused(Code.CORRUPT_RECORD)
        if match.closed is None:
            return refused(Code.MATCH_LIVE)
        return answer(transcript(match, match.closed))
