"""The dashboard of resources: what the processes take of the machine, and whether their telemetry arrives."""

from k8s.boards.board import Row, board, labels
from k8s.boards.panels import About, Query, Shown, graph, number
from k8s.boards.playing import LIMIT_BYTES, MEMORY
from k8s.boards.promql import EVERY, of, quantile, rate

_OURS = ('job=~"$job"', 'instance=~"$instance"')
_SILENT = "the process tells nothing: see ProcessDown."
_UPTIME = "process_uptime_seconds"


def resources() -> str:
    rows: list[Row] = [
        ("Memory and processor", _machine()),
        ("Processes", _processes()),
        ("The stream", _stream()),
        ("Telemetry", _telemetry()),
    ]
    about = "What the processes take of a node of 4 GiB."
    return board("rps-resources", "Resources", about, rows, [labels("job", _UPTIME), labels("instance", _UPTIME)])


def _machine() -> list[Shown]:
    memory, children = of("process_memory_usage_bytes", *_OURS), of("rps_children_memory_usage_bytes", *_OURS)
    return [
        graph(
            "Memory",
            About(
                "Resident memory of each process, of its children, and of all together. The line is 3.4 GiB: what all "
                "may take of a node of 4 GiB. Memory shared between a process and its children counts twice.",
                "see which grows. Children are the trainer's steps; they grow with the round log.",
                _SILENT,
            ),
            "bytes",
            Query(memory, "{{job}} {{instance}}"),
            Query(children, "{{job}} children"),
            Query(MEMORY, "together"),
            Query(f"vector({LIMIT_BYTES:.0f})", "limit"),
            lines=[(LIMIT_BYTES, "red")],
            width=16,
        ),
        graph("Processor", About("Processors' worth of time each process takes, without its children.",
              "the server near 1: one loop is full, play slows down.", _SILENT), "none",
              Query(f"sum by (job, instance) (rate({of('process_cpu_time_seconds_total', *_OURS)}[{EVERY}]))",
                    "{{job}}")),
    ]  # fmt: skip


def _processes() -> list[Shown]:
    return [
        graph("Open files", About("Open file descriptors: sockets are among them.",
              "it grows while players do not: something is not closed.", _SILENT), "none",
              Query(of("process_open_file_descriptor_count", *_OURS), "{{job}}")),
        graph("Threads", About("Threads of each process.", "it grows without end: something is not ended.", _SILENT),
              "none", Query(of("process_thread_count", *_OURS), "{{job}}")),
        graph("Running for", About("Time since each process started.", "it falls to zero again and again: its log says "
              "why it dies.", _SILENT), "s", Query(of(_UPTIME, *_OURS), "{{job}}")),
    ]  # fmt: skip


def _stream() -> list[Shown]:
    none = "RPS_STREAM_URL is not set: there is no stream, which is no fault."
    return [
        number("Servers that lead", About("The server that fills the stream and keeps up the standings.",
               "0: StreamLags; 2 for longer than seconds: see whether the database answers.",
               "nothing is to be led: one server over its own file, without a stream."), "none",
               "sum(rps_stream_leading)", [(2, "red")], width=6),
        graph("Rows not there yet", About("Rows of the round log that are not published, or not yet counted in the "
              "standings.", "StreamLags says what to do.", none), "none",
              Query("max(rps_stream_lag)", "not published"), Query("max(rps_projection_lag)", "not counted"), width=6),
        graph("Rows sent, by result", About("Rows per second to the stream.", "failed: StreamLags.", none), "ops",
              Query(rate("rps_stream_published_total", "result"), "{{result}}"), width=6),
        graph("A batch (p95)", About("From sending rows to the stream having taken them.",
              "a second or more: NATS' disk is slow.", none), "s",
              Query(quantile(0.95, "rps_stream_publish_duration_seconds"), "p95"), width=6),
    ]  # fmt: skip


def _telemetry() -> list[Shown]:
    none = "OTEL_EXPORTER_OTLP_ENDPOINT is not set: nothing is sent, which is no fault."
    by = "job, signal"
    return [
        number("Processes that tell", About("Processes whose metrics arrive.", "fewer than run: see ProcessDown.",
               "none tells anything."), "none", f"count({of(_UPTIME, *_OURS)})", width=6),
        graph("Batches sent, by result", About("Batches per second to the OTLP receiver.", "ExportsFailing.", none),
              "ops", Query(f"sum by ({by}, result) (rate({of('rps_exports_total', *_OURS)}[{EVERY}]))",
                           "{{job}} {{signal}} {{result}}"), width=9),
        graph("Dropped", About("Data points and spans lost in an hour; later points make good for lost ones, spans are "
              "gone.", "ExportsFailing says what to do.", none), "none",
              Query(f"sum by ({by}) (increase({of('rps_exports_dropped_total', *_OURS)}[1h]))", "{{job}} {{signal}}"),
              width=9),
    ]  # fmt: skip
