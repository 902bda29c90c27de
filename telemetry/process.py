"""What this process and its children use of the machine, by OpenTelemetry's conventions for processes."""

from collections.abc import Iterable
from time import time

import psutil
from opentelemetry.metrics import CallbackOptions, Meter, Observation


def measure(meter: Meter) -> None:
    """Make the instruments; the process is looked at whenever they are collected."""
    process = psutil.Process()

    def memory(options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(process.memory_info().rss)]

    def children(options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(sum(_memory(child) for child in process.children(recursive=True)))]

    def cpu(options: CallbackOptions) -> Iterable[Observation]:
        times = process.cpu_times()
        return [Observation(times.user, {"cpu.mode": "user"}), Observation(times.system, {"cpu.mode": "system"})]

    def files(options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(process.num_fds())] if hasattr(process, "num_fds") else []

    def threads(options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(process.num_threads())]

    def uptime(options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(time() - process.create_time())]

    gauge, total = meter.create_observable_gauge, meter.create_observable_counter
    gauge("process.memory.usage", [memory], "By", "Resident memory of the process.")
    gauge("rps.children.memory.usage", [children], "By", "Resident memory of all its child processes.")
    total("process.cpu.time", [cpu], "s", "Processor time used by the process.")
    gauge("process.open_file_descriptor.count", [files], "{file_descriptor}", "Open file descriptors.")
    gauge("process.thread.count", [threads], "{thread}", "Threads of the process.")
    gauge("process.uptime", [uptime], "s", "How long the process has been running.")


def _memory(child: psutil.Process) -> int:
    try:
        return int(child.memory_info().rss)
    except psutil.Error:  # it has ended meanwhile
        return 0
