"""Alerts on learning: the trainer, its cycles, what it reads, and play that has changed."""

from k8s.boards.alert import TICKET, Alert

IDLE = "waiting for rounds"
"""The phase between cycles."""
SHIFTED = 0.25
"""A population stability index beyond which a distribution counts as another one; from .1 on it has moved."""


def alerts() -> list[Alert]:
    return [_stuck(), _cycle(), _stale(), _behind(), _drift()]


def _stuck() -> Alert:
    return Alert(
        name="TrainerStuck",
        severity=TICKET,
        expr="rps_trainer_leading == 1\n"
        'unless on (job, instance) sum by (job, instance) (increase(rps_trainer_turns_total{result="ok"}[10m])) > 0',
        summary="The trainer does not get its work done",
        description="{{ $labels.instance }} holds the trainer's lease and has not finished a turn well for ten "
        "minutes: it hangs, or every turn fails. Nothing is promoted or taken back meanwhile. Its log says what fails; "
        "if it says nothing, restart it.",
        after="5m",
    )


def _cycle() -> Alert:
    under_way = f'rps_trainer_cycle_progress_percent{{phase!="{IDLE}"}}'
    return Alert(
        name="CycleStuck",
        severity=TICKET,
        expr=f"changes((max by (job, instance) ({under_way}))[30m:1m]) == 0\n"
        f"and on (job, instance) max by (job, instance) ({under_way} offset 30m)",
        summary="A training cycle makes no progress",
        description="The cycle under way on {{ $labels.instance }} has stood at the same percentage for an hour. Its "
        "step hangs or is short of processor time or memory. What it has finished is kept: restart the trainer.",
        after="30m",
    )


def _stale() -> Alert:
    return Alert(
        name="ModelsStale",
        severity=TICKET,
        expr="rps:models_stale == 1",
        summary="Nothing has been learned for more than a day",
        description="The last cycle ended more than 24 hours ago, though there are enough new rounds for another. See "
        "whether cycles begin and fail, or do not begin.",
        after="1h",
    )


def _behind() -> Alert:
    return Alert(
        name="ScoreboardBehind",
        severity=TICKET,
        expr="rps_trainer_stream_lag > 1000 and delta(rps_trainer_stream_lag[30m]) >= 0",
        summary="The trainer's {{ $labels.reader }} falls behind the round log",
        description="The {{ $labels.reader }} has {{ $value | humanize }} records left to read, and no fewer than half "
        "an hour ago. The figures of the models and of drift are old, or promotions wait.",
        after="15m",
    )


def _drift() -> Alert:
    return Alert(
        name="DriftHigh",
        severity=TICKET,
        expr=f"rps_drift_psi > {SHIFTED:g}",
        summary="Play has changed: {{ $labels.group }}",
        description="The distribution of {{ $labels.group }} in recent rounds differs from that of the rounds learned "
        'from (population stability index {{ $value | printf "%.2f" }}, more than 0.25 for an hour). Predictions may '
        "be worse; a cycle learns the new play.",
        after="1h",
    )
