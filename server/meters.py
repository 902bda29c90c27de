"""What the server measures of itself: every instrument it has, and what counts as what.

Those who play, commit or look say here what happened, in one line each. A round costs ten of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from game.codes import Code
from game.gestures import Cause, Label
from game.records import Closed, Opened, Played, Record, Source
from game.state import Match
from server.counters import Counters
from telemetry.tallies import SHARES, SIZES, Reading, Tallies, always
from telemetry.traces import Ids

FAILURES = ("log-unavailable", "corrupt-record", "error")
"""Why the server may fail a throw."""
WAYS = ("hello", "sync")
"""How a player comes back to a match."""
UNKNOWN = "unknown"
"""Stands for what cannot be said of a match whose record is damaged, or was written by a server before."""


def _nobody() -> None:
    """Asked for where there is no stream, or another server fills it."""


@dataclass
class Levels:
    """Whom a gauge asks. Who knows puts themselves in; they are asked from another thread."""

    matches: Callable[[], int] = int
    pending: Callable[[], int] = int
    rounds: Callable[[], bool] = bool
    images: Callable[[], bool] = bool
    leads: Callable[[], bool | None] = _nobody
    stream: Callable[[], int | None] = _nobody
    projection: Callable[[], int | None] = _nobody


class Meters:
    """The server's instruments. `counts` is what `/api/stats` tells, which is counted without telemetry too."""

    def __init__(self) -> None:
        self.counts = Counters()
        self.levels = Levels()
        self.tallies = Tallies("rps.server")
        self._make_levels(self.levels)
        self._make_counts_of_messages()
        self._make_counts_of_play()
        self._make_counts_of_the_log()
        self._make_counts_of_the_stream(self.levels)
        self._make_counts_of_hands()
        self._tell_what_alerts_look_for()

    def _make_levels(self, levels: Levels) -> None:
        gauge = self.tallies.gauge
        gauge("rps.connections", "{connection}", "Open sockets.", read=always(lambda: self.counts.connections))
        about = "Live matches of players who are present."
        gauge("rps.matches.active", "{match}", about, read=always(lambda: levels.matches()))
        about = "Writes that wait to be committed."
        gauge("rps.log.pending", "{write}", about, read=always(lambda: levels.pending()))
        about = "1 while the sidecar is connected, by what it is asked on that line."
        gauge("rps.inference.connected", "{connection}", about, "line", read=lambda: _lines(levels))

    def _make_counts_of_messages(self) -> None:
        counter, histogram = self.tallies.counter, self.tallies.histogram
        self._messages = counter("rps.messages", "{message}", "Messages from browsers.", "type")
        about = "Handling a message, from its arrival to its answer."
        self._handling = histogram("rps.message.duration", "s", about, "type")
        self._refusals = counter("rps.refusals", "{refusal}", "Requests refused.", "code")
        about = "Live matches found again at hello, and other syncs."
        self._resumes = counter("rps.resumes", "{resume}", about, "way", "result")
        self._lag = histogram("rps.loop.lag", "s", "How late the event loop runs a timer.")

    def _make_counts_of_play(self) -> None:
        counter, histogram = self.tallies.counter, self.tallies.histogram
        about = "Rounds played and durable."
        self._rounds = counter("rps.rounds", "{round}", about, "opponent", "outcome", "input", "source")
        about = "From the arrival of a throw that counts to its result being told."
        self._round = histogram("rps.round.duration", "s", about)
        about = "Throws and starts that the server failed."
        self._failures = counter("rps.round.failures", "{round}", about, "reason")
        about = "From asking the models to the sealed round being told."
        self._opening = histogram("rps.round.opening.duration", "s", about, "opponent")
        self._opened = counter("rps.matches.opened", "{match}", "Matches begun.", "opponent")
        about = "Matches ended."
        self._closed = counter("rps.matches.closed", "{match}", about, "opponent", "arm", "winner", "reason")
        about = "Rounds played from the equilibrium because no model answered."
        self._fallbacks = counter("rps.fallbacks", "{round}", about, "opponent", "reason")
        about = "Predictions: the server's wait for them."
        self._asking = histogram("rps.inference.duration", "s", about, "family", "stage")

    def _make_counts_of_the_log(self) -> None:
        counter, histogram = self.tallies.counter, self.tallies.histogram
        self._commits = counter("rps.log.commits", "{commit}", "Commits tried.", "result")
        self._committing = histogram("rps.log.commit.duration", "s", "Making a group of writes durable.")
        self._group = histogram("rps.log.commit.writes", "{write}", "Writes in one commit.", bounds=SIZES)

    def _make_counts_of_the_stream(self, levels: Levels) -> None:
        gauge = self.tallies.gauge
        about = "1 while this server is the one that fills the stream and keeps up the standings."
        gauge("rps.stream.leading", "{server}", about, read=lambda: _one(levels.leads()))
        about = "Rows of the log that are not published yet."
        gauge("rps.stream.lag", "{row}", about, read=lambda: _one(levels.stream()))
        about = "Rows of the log that the standings do not count yet."
        gauge("rps.projection.lag", "{row}", about, read=lambda: _one(levels.projection()))
        self._published = self.tallies.counter("rps.stream.published", "{row}", "Rows sent to the stream.", "result")
        about = "From sending a batch of rows to the stream having taken them."
        self._publishing = self.tallies.histogram("rps.stream.publish.duration", "s", about)

    def _make_counts_of_hands(self) -> None:
        about = "Images looked at; `accepted` where the sign is clear enough to be thrown."
        self._gestures = self.tallies.counter("rps.gestures", "{image}", about, "way", "label", "accepted", "reason")
        about = "Probability of the likeliest label."
        self._confidence = self.tallies.histogram("rps.gesture.confidence", "1", about, "label", bounds=SHARES)

    def _tell_what_alerts_look_for(self) -> None:
        """From the start, so that a first failure is an increase."""
        self._commits.add("failed", by=0)
        for reason in FAILURES:
            self._failures.add(reason, by=0)
        for way in WAYS:
            self._resumes.add(way, "failed", by=0)

    def arrived(self, kind: str) -> None:
        """A message of this type came from a browser."""
        self._messages.add(kind)

    def handled(self, kind: str, seconds: float) -> None:
        """It was answered or refused so many seconds after its arrival."""
        self._handling.record(seconds, kind)

    def refused(self, code: Code) -> None:
        self.counts.refused[code] += 1
        self._refusals.add(code.value)

    def failed(self, reason: str) -> None:
        """The server owed a throw its result, or a match its next round, and could not give it."""
        self._failures.add(reason)

    def resumed(self, way: str, result: str) -> None:
        """Somebody came back to their match by `hello` or `sync`: it was resumed, is unknown, or that failed."""
        self.counts.resumes += result == "resumed"
        self._resumes.add(way, result)

    def kept(self, match: Match, records: Sequence[Record], fault: str | None) -> None:
        """These records have led to this match, and are durable; `fault` is why no model answered for a round in it.

        What a throw could gain by is counted with the throw: who reads it learns nothing of a round that is open.
        """
        opened = match.opened
        for record in records:
            if isinstance(record, Played):
                self.counts.rounds += 1
                source = match.rounds[-1].sealed.source
                self._rounds.add(opened.opponent, record.outcome.value, record.input.value, source.value)
                if source is Source.FALLBACK:
                    self.counts.fallbacks += 1
                    # where there is no fault they answered, but not for the alias that plays
                    self._fallbacks.add(opened.opponent, fault or "error")
            elif isinstance(record, Opened):
                self._opened.add(opened.opponent)  # nobody may read here which arm plays before the match is over
            elif isinstance(record, Closed):
                self._closed.add(opened.opponent, opened.alias.value, record.winner.value, record.reason.value)

    def voided(self, closed: Closed) -> None:
        """A match was ended because its record is damaged: nobody can go on with it."""
        self._closed.add(UNKNOWN, UNKNOWN, closed.winner.value, closed.reason.value)

    def answered(self, family: str, seconds: float, fault: str | None, trace: Ids | None) -> None:
        """The models told what they expect, or for the reason given nothing."""
        self._asking.record(seconds, family, "asked", trace=trace)
        if fault is not None:
            self.counts.unanswered[fault] += 1

    def round_opened(self, match: Match, seconds: float, trace: Ids | None) -> None:
        """A sealed round was told."""
        self._opening.record(seconds, match.opened.opponent, trace=trace)

    def round_told(self, seconds: float, trace: Ids | None) -> None:
        """The result of a throw was told so long after its arrival."""
        self._round.record(seconds, trace=trace)

    def seen(self, way: str, label: Label, confidence: float, reason: Cause | None) -> None:
        """An image was looked at, for a preview, to be thrown (`play`) or as an upload; `reason` if it is unclear."""
        looks = self.counts.looks
        looks[("throw" if reason is None else "unclear") if way == "play" else way] += 1
        self._gestures.add(way, label.value, reason is None, "none" if reason is None else reason.value)
        self._confidence.record(confidence, label.value)

    def committed(self, writes: int, seconds: float, well: bool) -> None:
        """A group of so many writes became durable, or did not."""
        self._commits.add("ok" if well else "failed")
        self._committing.record(seconds)
        self._group.record(writes)

    def published(self, rows: int, seconds: float, well: bool) -> None:
        """So many rows were sent, and the stream took them; or it did not take all of them, as far as is known."""
        self._published.add("ok" if well else "failed", by=rows)
        self._publishing.record(seconds)

    def lagged(self, seconds: float) -> None:
        """A timer ran so late."""
        self._lag.record(seconds)


def _one(level: float | None) -> list[Reading]:
    """The reading of a gauge that may have nothing to tell."""
    return [] if level is None else [((), level)]


def _lines(levels: Levels) -> list[Reading]:
    return [(("rounds",), levels.rounds()), (("images",), levels.images())]
