"""What a trial comes to, for programs and for people."""

from msgspec import Struct

from bench.audit import Check
from bench.counts import Latency, Wait
from bench.upheaval import TURNS, Blow


class Trial(Struct, frozen=True):
    """What befell the servers, what the players saw of it, and what holds. Latencies are of the whole time."""

    servers: int
    players: int
    seconds: float
    dealt: dict[Blow, int]
    rounds: int
    matches: int
    latencies: dict[Wait, Latency]
    resumes_tried: int
    resumes_succeeded: int
    refused: dict[str, int]
    trouble: dict[str, int]
    unsound: int
    faults: list[str]
    not_ended: int
    checks: list[Check]

    @property
    def holds(self) -> bool:
        """Whether rounds were played, nothing was lost, repeated or changed, and everybody came to their end."""
        lost = self.resumes_tried != self.resumes_succeeded
        off = self.unsound or self.not_ended or lost or any(one.wrong for one in self.checks)
        return self.rounds > 0 and not off


def table(trial: Trial) -> str:
    """The trial for a person."""
    result, resume = trial.latencies[Wait.RESULT], trial.latencies[Wait.RESUME]
    facts = {
        f"{trial.players} players on {trial.servers} servers for {trial.seconds:g} s: rounds": f"{trial.rounds}",
        "matches played to their end": f"{trial.matches}",
        **{
            f"servers {blow}" if blow in TURNS else blow.value: f"{number} times"
            for blow, number in trial.dealt.items()
        },
        "connections lost in a match": f"{trial.resumes_tried}",
        "of those, went on with the match": f"{trial.resumes_succeeded}",
        "result after the throw, p50 and p99": f"{result.p50_ms:.1f} and {result.p99_ms:.1f} ms",
        "playing again after connecting anew, p50 and p99": f"{resume.p50_ms:.1f} and {resume.p99_ms:.1f} ms",
        **{f"refused: `{code}`": f"{number} times" for code, number in sorted(trial.refused.items())},
        **{f"seen by players: {kind}": f"{number} times" for kind, number in sorted(trial.trouble.items())},
        "told what must never be told": f"{trial.unsound} times",
        "players who did not come to their end": f"{trial.not_ended}",
    }
    lines = ["| | |", "|---|--:|", *(f"| {what} | {figure} |" for what, figure in facts.items())]
    lines += ["", "| held against each other | looked at | wrong |", "|---|--:|--:|"]
    lines += [f"| {one.what} | {one.looked_at} | {one.wrong} |" for one in trial.checks]
    lines += ["", "Everything holds." if trial.holds else "Not everything holds."]
    lines += [f"- {fault}" for fault in (*trial.faults, *(fault for one in trial.checks for fault in one.faults))]
    return "\n".join(lines)
