"""The spans of play, for the few matches that are sampled. The others have none, and every call here ends at once.

A round's trace begins when the models are asked for it and ends when its result is told. Ids of roots follow from the
match, so each is used once: what goes on with a match that was read back from the log stands in the match's trace.
"""

from contextlib import AbstractContextManager, nullcontext
from time import monotonic, time_ns

from game.records import Opened
from game.state import Match
from telemetry.traces import Ids, Kind, Span, Traces, Value

ABANDONED = "abandoned"
"""The outcome of a round that was not played to its end."""

_UNTRACED = nullcontext()


def within(
    parent: Span | None, name: str, kind: Kind = Kind.INTERNAL, began_ns: int | None = None
) -> AbstractContextManager[Span | None]:
    """A span below the parent for as long as the block runs; nothing where nothing is traced."""
    return _UNTRACED if parent is None else parent.child(name, kind, began_ns)


def in_trace(span: Span | None) -> AbstractContextManager[None]:
    """What is logged in the block is logged as of this span, which goes on."""
    return _UNTRACED if span is None else span.within()


def traceparent(span: Span | None) -> str:
    """What is sent to another process that is to go on below this span."""
    return "" if span is None else span.parent


def ids(span: Span | None) -> Ids | None:
    """Where more is told of what was measured."""
    return None if span is None else span.ids


class Trail:
    """The spans of one seat: of the match in memory, and of its round that is open."""

    def __init__(self, traces: Traces) -> None:
        self._traces = traces
        self._opened: Opened | None = None
        self._match: Span | None = None
        self._round: Span | None = None
        self._number = 0

    def begun(self, match: Match) -> None:
        """A new match is played here from now on."""
        self.left()
        self._opened, self._match = match.opened, self._traces.match(match.id, "match")

    def resumed(self, match: Match) -> None:
        """A live match was read back from the log; nothing begins if it was never left."""
        if self._opened is not None and self._opened.match == match.id:
            return
        self.left()
        self._opened, self._match = match.opened, self._traces.match(match.id, "resumed")
        if self._match is not None:
            self._number = match.round
            self._round = self._match.child("round", rps_match=match.id, rps_round=match.round)

    def asks(self, match: Match) -> Span | None:
        """The span of the round for which the models are asked now."""
        if self._match is None:
            return None
        if self._round is None or self._number != match.round:
            self._end_round(ABANDONED)
            self._number, self._round = match.round, self._traces.round(match.id, match.round)
        return self._round

    def of(self, match: str, round: int) -> Span | None:
        """The span of this round, if it is the one that is open."""
        if self._round is None or self._opened is None or (self._opened.match, self._number) != (match, round):
            return None
        return self._round

    def throw(self, arrived: float) -> AbstractContextManager[Span | None]:
        """The span of a throw in the open round, from its arrival (monotonic seconds) on."""
        if self._round is None:
            return _UNTRACED
        return within(self._round, "throw", Kind.SERVER, time_ns() - int((monotonic() - arrived) * 1e9))

    def played(self, outcome: str) -> None:
        """The result of the open round has been told."""
        self._end_round(outcome)

    def closed(self, match: Match) -> None:
        """This match has ended."""
        closed = match.closed
        if self._opened is not None and self._opened.match == match.id and closed is not None:
            self._end(rps_winner=closed.winner.value, rps_reason=closed.reason.value)

    def left(self) -> None:
        """Nobody sits here any more, or at another match: what is open ends as it is."""
        self._end()

    def _end(self, **more: Value) -> None:
        opened, match = self._opened, self._match
        self._opened = self._match = None
        self._end_round(ABANDONED)
        if opened is not None and match is not None:
            match.note(rps_opponent=opened.opponent, rps_arm=opened.alias.value, **more)
            match.end()

    def _end_round(self, outcome: str) -> None:
        round, self._round = self._round, None
        if round is not None:
            round.note(rps_round_outcome=outcome)
            round.end()
