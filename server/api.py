"""HTTP beside the socket: health, standings, and the transcript of a finished match."""

from collections.abc import Callable

from msgspec import Struct, json
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from game.codes import MEANING, Code
from game.errors import CorruptRecord
from game.fold import rebuild
from game.transcript import transcript
from server.counters import Counters
from server.errors import LogUnavailable
from server.ports import RoundLog
from server.standings import Standings

HTTP_STATUS = {Code.UNKNOWN_MATCH: 404, Code.MATCH_LIVE: 409, Code.CORRUPT_RECORD: 500, Code.LOG_UNAVAILABLE: 503}


def _json(body: object, status: int = 200) -> Response:
    return Response(json.encode(body), status, media_type="application/json")


def _refused(code: Code) -> Response:
    return _json({"code": code, "message": MEANING[code]}, HTTP_STATUS[code])


class Api(Struct, frozen=True):
    """The handlers; `faults` tells what keeps the server from being ready."""

    log: RoundLog
    standings: Standings
    counters: Counters
    faults: Callable[[], dict[str, str]]

    def routes(self) -> list[Route]:
        return [
            Route("/livez", self.livez),
            Route("/readyz", self.readyz),
            Route("/api/leaderboard", self.leaderboard),
            Route("/api/stats", self.stats),
            Route("/api/matches/{id}", self.match),
        ]

    async def livez(self, request: Request) -> Response:
        """The process answers."""
        return _json({"status": "alive"})

    async def readyz(self, request: Request) -> Response:
        """New players may be sent here."""
        faults = self.faults()
        return _json({"status": "ready" if not faults else "not ready", **faults}, 503 if faults else 200)

    async def leaderboard(self, request: Request) -> Response:
        try:
            return _json({"players": await self.standings.leaders()})
        except LogUnavailable:
            return _refused(Code.LOG_UNAVAILABLE)

    async def stats(self, request: Request) -> Response:
        try:
            totals, served = await self.standings.totals(), await self.standings.served()
        except LogUnavailable:
            return _refused(Code.LOG_UNAVAILABLE)
        return _json({"totals": totals, "served": served, "since_start": self.counters})

    async def match(self, request: Request) -> Response:
        """The transcript; nothing of a live match is told."""
        try:
            records = await self.log.records(request.path_params["id"])
            if not records:
                return _refused(Code.UNKNOWN_MATCH)
            match = rebuild(records)
        except LogUnavailable:
            return _refused(Code.LOG_UNAVAILABLE)
        except CorruptRecord:
            return _refused(Code.CORRUPT_RECORD)
        if match.closed is None:
            return _refused(Code.MATCH_LIVE)
        return _json(transcript(match, match.closed))
