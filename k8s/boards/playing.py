"""Alerts on what happens while people play: the processes, the models' answers, the round log, memory, exports."""

from k8s.boards.alert import PAGE, TICKET, Alert

LIMIT_BYTES = 3.4 * 2**30
"""What all processes together may take of a node of 4 GiB."""

STREAM_LAG = 10_000
"""Rows not published yet that are more than a busy hour's hiccup."""
MEMORY = "sum(process_memory_usage_bytes) + sum(rps_children_memory_usage_bytes)"


def alerts() -> list[Alert]:
    return [*_processes(), *_models(), _log(), *_stream(), _memory(), *_exports()]


def _processes() -> list[Alert]:
    down = "{{ $labels.job }} does not answer at its /metrics{{ with $labels.instance }} ({{ . }}){{ end }}. "
    play = "Without the server nobody plays; without the sidecar the equilibrium plays every round. "
    restart = "Look whether the process runs and what it said last; supervisord and Kubernetes start it again."
    return [
        Alert(
            name="ProcessDown",
            severity=PAGE,
            expr='up{job=~"rps-quest/(server|inference)"} == 0',
            summary="{{ $labels.job }} is down",
            description=down + play + restart,
            after="2m",
        ),
        Alert(
            name="ProcessDown",
            severity=TICKET,
            expr='up{job="rps-quest/trainer"} == 0',
            summary="{{ $labels.job }} is down",
            description=down + "Play goes on with the models that serve; nothing is learned. " + restart,
            after="10m",
        ),
        *(
            _silent(jobs, severity, play + restart)
            for jobs, severity in (("server|inference", PAGE), ("trainer", TICKET))
        ),
    ]


def _silent(jobs: str, severity: str, more: str) -> Alert:
    """Where metrics are pushed nobody asks whether a process is `up`. Who is silent for a day is taken to be gone."""
    ours = f'job=~"rps-quest/({jobs})"'
    return Alert(
        name="ProcessDown",
        severity=severity,
        expr=f"group by (job) (present_over_time(process_uptime_seconds{{{ours}}}[1d]))\n"
        f"unless on (job) group by (job) (present_over_time(process_uptime_seconds{{{ours}}}[10m]))\n"
        f"unless on (job) up{{{ours}}}",
        summary="{{ $labels.job }} has fallen silent",
        description="{{ $labels.job }} sent metrics within the last day, and none in the last ten minutes. It is "
        "down, or its metrics no longer reach this place. " + more,
        labels=(("case", "pushed"),),
    )


def _models() -> list[Alert]:
    return [
        Alert(
            name="FallbacksFrequent",
            severity=TICKET,
            expr="sum(increase(rps_fallbacks_total[15m])) / sum(increase(rps_rounds_total[15m])) > 0.05\n"
            "and sum(increase(rps_rounds_total[15m])) >= 100",
            summary="Many rounds are played without a model",
            description="In {{ $value | humanizePercentage }} of the last 15 minutes' rounds no model answered and the "
            "equilibrium played. late: the sidecar is slow or short of processor time. down: it is not connected. "
            "error: it refuses what the server asks.",
            after="5m",
        ),
        Alert(
            name="InferenceDisconnected",
            severity=PAGE,
            expr="rps_inference_connected == 0",
            summary="The server has no connection to the models for {{ $labels.line }}",
            description="The server has not reached the sidecar's socket for {{ $labels.line }} for five minutes. "
            "Without `rounds` the equilibrium plays all rounds; without `images` nobody can throw by hand. See whether "
            "the sidecar runs and whether both have the same RPS_INFERENCE_SOCKET.",
            after="5m",
        ),
        Alert(
            name="BundleRefused",
            severity=TICKET,
            expr="rps_model_refused > 0",
            summary="The bundle for {{ $labels.family }} {{ $labels.alias }} is refused",
            description="The table names a bundle for {{ $labels.family }} {{ $labels.alias }} that the sidecar does "
            "not take: it is damaged, unsigned, or made for other features. What served before goes on serving. The "
            "sidecar's log says what is wrong with it.",
            after="5m",
        ),
        Alert(
            name="StoreUnreachable",
            severity=TICKET,
            expr=_never("rps_store_looks_total", "store"),
            summary="The sidecar cannot read the store of {{ $labels.store }}",
            description="No look at the store of {{ $labels.store }} has succeeded for ten minutes. What serves goes "
            "on; new models do not arrive. See whether RPS_STORE_URL can be reached from the sidecar.",
            after="5m",
            labels=(("case", "sidecar"),),
        ),
        Alert(
            name="StoreUnreachable",
            severity=TICKET,
            expr=_never("rps_store_calls_total", "job"),
            summary="The trainer cannot use the store",
            description="No call to the store has succeeded for ten minutes. What serves goes on; nothing new is "
            "published. See whether RPS_STORE_URL can be reached from the trainer.",
            after="5m",
            labels=(("case", "trainer"),),
        ),
    ]


def _log() -> Alert:
    return Alert(
        name="RoundLogFailing",
        severity=PAGE,
        expr='sum(increase(rps_log_commits_total{result="failed"}[10m])) > 2',
        summary="The round log cannot be written",
        description="{{ $value | humanize }} commits to the round log failed in ten minutes. Each throw among them was "
        "refused with log-unavailable. See whether the disk is full and the database can be written.",
    )


def _stream() -> list[Alert]:
    play = "Play goes on and nothing is lost: rows wait in the log. "
    published = 'sum(increase(rps_stream_published_total{result="ok"}[10m])) > 0'
    return [
        Alert(
            name="StreamLags",
            severity=TICKET,
            expr=f"max(rps_stream_lag) > 0 unless {published}\nor max(rps_stream_lag) > {STREAM_LAG}",
            summary="The stream does not keep up with the round log",
            description="{{ $value | humanize }} rows of the round log are not in the stream, and none has got there "
            "for ten minutes or they are many. Whoever follows the stream learns late. " + play + "The log of the "
            "server that leads says what keeps it: NATS is away, full, or has a stream of somebody else.",
            after="5m",
        ),
        Alert(
            name="StreamLags",
            severity=TICKET,
            expr="sum(rps_stream_leading) == 0",
            summary="No server fills the stream",
            description="There is a stream, or there are standings, and for five minutes no server has held the lead. "
            + play + "See whether the servers reach the database; each says so in its log.",
            after="5m",
            labels=(("case", "leaderless"),),
        ),
    ]  # fmt: skip


def _memory() -> Alert:
    return Alert(
        name="MemoryNearLimit",
        severity=TICKET,
        expr=f"{MEMORY} > {0.9 * LIMIT_BYTES:.0f}",
        summary="The processes need nearly all memory that they may have",
        description="Together they take {{ $value | humanize1024 }}B of 3.4 GiB. Beyond that the kernel ends one of "
        "them, most likely the trainer's children. The dashboard of resources shows which one grows.",
        after="10m",
    )


def _exports() -> list[Alert]:
    return [
        Alert(
            name="ExportsFailing",
            severity=TICKET,
            expr=_never("rps_exports_total", "job, signal"),
            summary="{{ $labels.job }} cannot send its {{ $labels.signal }}",
            description="No batch of {{ $labels.signal }} from {{ $labels.job }} has been taken for ten minutes. See "
            "OTEL_EXPORTER_OTLP_ENDPOINT and the key in OTEL_EXPORTER_OTLP_HEADERS. Play does not suffer.",
            after="5m",
        ),
        Alert(
            name="ExportsFailing",
            severity=TICKET,
            expr='sum by (job, signal) (increase(rps_exports_dropped_total{signal="traces"}[1h])) > 100',
            summary="{{ $labels.job }} loses {{ $labels.signal }}",
            description="{{ $value | humanize }} spans of {{ $labels.job }} were dropped within an hour: the receiver "
            "is away now and then, or too many matches are traced (OTEL_TRACES_SAMPLER_ARG).",
            labels=(("case", "dropped"),),
        ),
    ]


def _never(total: str, by: str) -> str:
    """Something failed in the last ten minutes, and nothing of its kind went well."""
    failed, well = (f'sum by ({by}) (increase({total}{{result="{result}"}}[10m])) > 0' for result in ("failed", "ok"))
    return f"{failed}\nunless {well}"
