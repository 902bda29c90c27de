"""What the load of people came to, for programs and for people."""

import time

from msgspec import Struct

from bench.counts import Counts, Latency, Wait, latency
from bench.crowd import Crowd
from game.codes import Code
from game.records import Source

ALLOWED = frozenset((Code.DRAINING, Code.SLOW_DOWN))
"""Refusals that are no wrong: the server stops, or asks for patience."""


class Report(Struct, frozen=True):
    """One run. `seconds`, `rate` and the latencies are of the time after the ramp, all counts from the beginning.

    `player_cores` is what the players themselves took, in processor seconds per second: near 1 they are the bottleneck.
    """

    players: int
    think_s: float
    seconds: float
    rounds: int
    rate: float
    matches: int
    latencies: dict[Wait, Latency]
    refused: dict[str, int]
    errors: dict[str, int]
    resumes_tried: int
    resumes_succeeded: int
    sources: dict[Source, int]
    fallback_share: float
    unsound: int
    faults: list[str]
    player_cores: float

    @property
    def well(self) -> bool:
        """Whether nothing went wrong."""
        refused = any(code not in ALLOWED for code in self.refused)
        lost = self.resumes_tried != self.resumes_succeeded
        return not (self.errors or self.unsound or refused or lost)


class Mark(Struct, frozen=True):
    """Where the counts stood at some time."""

    at: float
    rounds: int
    cpu_s: float
    lengths: dict[Wait, int]

    @classmethod
    def of(cls, counts: Counts) -> "Mark":
        return cls(time.perf_counter(), counts.rounds, time.process_time(), counts.lengths())


def report(crowd: Crowd, players: int, begin: Mark, end: Mark) -> Report:
    """The counts as they stand now, and the figures between two marks."""
    counts, took = crowd.counts, max(end.at - begin.at, 1e-9)
    between = {wait: values[begin.lengths[wait] : end.lengths[wait]] for wait, values in counts.waits.items()}
    return Report(
        players=players,
        think_s=crowd.ways.think[0],
        seconds=took,
        rounds=counts.rounds,
        rate=(end.rounds - begin.rounds) / took,
        matches=counts.matches,
        latencies={wait: latency(values) for wait, values in between.items()},
        refused=dict(counts.refused),
        errors=dict(counts.trouble),
        resumes_tried=counts.resumes_tried,
        resumes_succeeded=counts.resumes_succeeded,
        sources={source: counts.sources[source] for source in Source},
        fallback_share=counts.sources[Source.FALLBACK] / max(counts.rounds, 1),
        unsound=counts.unsound,
        faults=counts.faults,
        player_cores=(end.cpu_s - begin.cpu_s) / took,
    )


def table(report: Report) -> str:
    """The report for a person."""
    names = {
        Wait.RESULT: "result after the throw",
        Wait.ROUND: "next round after the result",
        Wait.HELLO: "welcome after hello",
        Wait.RESUME: "playing again after connecting anew",
    }
    rows = [(name, report.latencies[wait]) for wait, name in names.items()]
    lines = ["| waiting for | times | p50 ms | p90 ms | p99 ms | p99.9 ms |", "|---|--:|--:|--:|--:|--:|"]
    lines += [
        f"| {name} | {one.count} | {one.p50_ms:.1f} | {one.p90_ms:.1f} | {one.p99_ms:.1f} | {one.p999_ms:.1f} |"
        for name, one in rows
    ]
    facts = {
        f"rounds of {report.players} players": f"{report.rounds}",
        f"rounds/s, over {report.seconds:.0f} s": f"{report.rate:.0f}",
        "matches ended": f"{report.matches}",
        "connections lost in a match": f"{report.resumes_tried}",
        "of those, went on with the match": f"{report.resumes_succeeded}",
        "rounds in which a model should have answered and did not": f"{report.fallback_share:.2%}",
        "processor cores that the players took": f"{report.player_cores:.2f}",
        **{f"refused: `{code}`": str(number) for code, number in sorted(report.refused.items())},
        **{f"error: {kind}": str(number) for kind, number in sorted(report.errors.items())},
        "unsound": f"{report.unsound}",
    }
    lines += ["", "| | |", "|---|--:|", *(f"| {what} | {figure} |" for what, figure in facts.items())]
    return "\n".join([*lines, *(f"\nUnsound: {fault}" for fault in report.faults)])
