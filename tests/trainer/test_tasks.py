"""Independent work side by side: whatever becomes of one task, the others are done, and whoever waits is told."""

import multiprocessing
import operator
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep

import pytest
from msgspec import json
from support import jobs, lessons, two_ways
from support.database import made

from game.assignment import Alias
from game.records import Record
from models.store import FolderStore, Pin
from trainer import once, steps
from trainer.data.rows import Rows
from trainer.data.snapshot import Snapshot, load, take
from trainer.errors import NoCluster, TaskFailed, TrainerError
from trainer.fitting import families, fit
from trainer.fitting.learning import Learned, learn
from trainer.lifecycle import book
from trainer.lifecycle.decisions import Lifecycle
from trainer.lifecycle.ledger import Kind
from trainer.registry.runs import Outbox
from trainer.settings import Settings
from trainer.tasks import Ended, InTurn, Job, Tasks, fits
from trainer.tasks.choose import tasks_of
from trainer.tasks.kept import place
from trainer.tasks.local import LocalTasks

Records = Callable[..., Iterator[Record]]
ROOT = Path(__file__).parents[2]
PATIENCE_S = 180


def ended(tasks: Tasks, function: Callable[..., object], common: object, *arguments: object) -> list[Ended[object]]:
    """All of it, in the order of the jobs."""
    wanted = [Job(f"job {number}", (one,)) for number, one in enumerate(arguments)]
    return sorted(tasks.map(function, common, wanted), key=lambda one: one.number)


def until(true: Callable[[], bool]) -> None:
    end = monotonic() + PATIENCE_S
    while not true():
        assert monotonic() < end
        sleep(0.01)


def gone(pid: int) -> bool:
    """Whether no process of this number works any more."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


@pytest.mark.parametrize("tasks", [InTurn(), LocalTasks(1), LocalTasks(3)], ids=["in turn", "one", "three"])
def test_every_job_is_done_once_with_what_all_share(tasks: Tasks) -> None:
    found = ended(tasks, jobs.add, 100, *range(5))
    assert [(one.name, one.result()) for one in found] == [(f"job {at}", 100 + at) for at in range(5)]
    assert ended(tasks, jobs.add, 100) == []


def test_so_many_run_at_a_time_and_the_first_to_end_is_told_first(tmp_path: Path) -> None:
    both = [Job("a", ("a", "b")), Job("b", ("b", "a"))]
    assert {one.result() for one in LocalTasks(2).map(jobs.after, tmp_path, both)} == {"a", "b"}
    with closing(LocalTasks(2).map(jobs.after, tmp_path, [Job("never", ("e", "f")), Job("quick", ("g", "g"))])) as some:
        assert next(some).name == "quick"
    assert multiprocessing.active_children() == []


def test_each_task_has_a_process_of_its_own_and_one_thread() -> None:
    pids = [one.result() for one in LocalTasks(2).map(jobs.pid, None, [Job(f"{at}", ()) for at in range(3)])]
    assert len({os.getpid(), *pids}) == 4
    (only,) = LocalTasks(2).map(jobs.threads, None, [Job("threads", ())])
    assert only.result() and set(only.result()) == {1}


def test_a_task_that_fails_is_told_with_its_traceback_and_the_others_are_done() -> None:
    first, second, third = ended(LocalTasks(2), jobs.fail, None, 0, 1, 2)
    assert (first.result(), third.result()) == (0, 2)
    with pytest.raises(TaskFailed, match=r"(?s)job 1 failed\..*jobs\.py.*ValueError: one is not wanted"):
        second.result()


def test_a_task_whose_process_is_killed_is_told_and_the_others_are_done() -> None:
    first, second, third = ended(LocalTasks(1), jobs.die, None, 0, 1, 2)
    assert (first.result(), third.result()) == (0, 2)
    assert second.fault == "Its process was killed by signal 9 before it was done."


def test_what_cannot_be_sent_back_is_a_fault_and_no_hang() -> None:
    (only,) = LocalTasks(2).map(jobs.unsendable, None, [Job("job", ())])
    assert "pickle" in only.fault


def test_in_turn_an_error_is_the_callers_own() -> None:
    with pytest.raises(ValueError, match="one is not wanted"):
        ended(InTurn(), jobs.fail, None, 0, 1)


def test_closing_ends_what_runs(tmp_path: Path) -> None:
    tasks = LocalTasks(2)
    some = tasks.map(jobs.after, tmp_path, [Job("quick", ("g", "g")), *(Job(name, (name, "f")) for name in "xyz")])
    assert next(some).name == "quick"
    tasks.close()
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_who_asked_is_outlived_by_no_task(tmp_path: Path, how: signal.Signals) -> None:
    environ = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    process = subprocess.Popen(
        [sys.executable, "-m", "support.waiting_tasks", str(tmp_path)],
        env=environ, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    until(lambda: len([one for one in tmp_path.glob("*.pid") if one.read_text()]) == 2)
    pids = [int(one.read_text()) for one in tmp_path.glob("*.pid")]
    assert not any(map(gone, pids))
    process.send_signal(how)
    process.wait(PATIENCE_S)
    until(lambda: all(map(gone, pids)))


def test_the_settings_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    with tasks_of(Settings()) as alone, tasks_of(Settings(fit_processes=2)) as beside:
        assert isinstance(alone, InTurn) and isinstance(beside, LocalTasks)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(NoCluster, match=r"Ray cannot be loaded .*pip install 'rps-quest\[cluster\]'"):
        tasks_of(Settings(ray_address="auto")).__enter__()


# fits as tasks


@pytest.fixture(scope="module")
def snapshot(cyclers: Path) -> Snapshot:
    return take(cyclers, 0.1, lambda phase, share: None)


def quickest(family: str) -> Sequence[families.Configuration]:
    return [one for one in families.configurations(family) if one.name.startswith("habits")]


def told(found: Learned) -> tuple[object, ...]:
    """All of it but what the clock says."""
    assert found.verdict is not None and found.candidate is not None
    runs = [(run.name, run.version, run.chosen, run.passed, run.metrics, run.permutation) for run in found.runs]
    manifest = json.decode(json.encode(found.candidate))
    return (
        sha256(found.model).hexdigest(),
        {**manifest, "created": ""},
        found.verdict.passed,
        found.verdict.rounds,
        runs,
    )


@pytest.fixture(scope="module")
def together(snapshot: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Learned:
    """Logan's two quickest configurations, fitted one after the other in this process as without tasks."""
    store = FolderStore(tmp_path_factory.mktemp("none"), shipped=tmp_path_factory.mktemp("nothing"))
    return learn("logan", snapshot, store, store.table(), 3, 3, lambda phase, share: None, quickest)


def apart(tasks: Tasks, snapshot: Snapshot) -> Learned:
    wanted = [Job(one.name, ("logan", one, None)) for one in quickest("logan")]
    found = sorted(tasks.map(fits.learned_of, (snapshot, 3), wanted), key=lambda one: one.number)
    return fits.best([one.result() for one in found])


def test_fits_in_processes_give_the_same_bits_as_here(snapshot: Snapshot, together: Learned) -> None:
    assert told(apart(InTurn(), snapshot)) == told(together)
    assert told(apart(LocalTasks(2), snapshot)) == told(together)


def test_the_fit_command_s_candidates_are_the_same_bits_in_processes(
    rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    sides = rows.where(rows.player < 14), rows.where(rows.player >= 14)
    wanted = [Job(one.name, (one, 0)) for one in quickest("logan")]
    here, there = (
        sorted(tasks.map(fit._candidate, sides, wanted), key=lambda one: one.number)
        for tasks in (InTurn(), LocalTasks(2))
    )
    assert [one.result().model for one in here] == [one.result().model for one in there]
    assert len({one.result().model for one in here}) == 2


@pytest.fixture
def settings(tmp_path: Path, played: Records, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A log of cyclers; this process knows the made-up family only, in two ways."""
    made(tmp_path, played(6, 4))
    monkeypatch.setattr(families, "NAMES", families.NAMES)
    monkeypatch.setattr(families, "configurations", families.configurations)
    lessons.only(lessons.RIGHT, two_ways.SURER)
    return Settings(data_dir=str(tmp_path), fit_processes=2)


def quiet(phase: str, share: float) -> None: ...


def shadow(settings: Settings) -> Pin:
    return FolderStore(Path(settings.data_dir) / "store").table().aliases["fixed"][Alias.SHADOW2]


def test_a_cycle_with_fits_side_by_side_decides_as_one_without(
    settings: Settings, tmp_path: Path, played: Records
) -> None:
    report = once.run(settings, two_ways.learn, lessons.registered)
    assert [entry.kind for entry in report.entries] == [Kind.ENTERED, Kind.TRAINED]
    names = {path.name.removesuffix(".json") for path in Outbox(settings.outbox).waiting()}
    assert names == {"cycle-00001-fixed-right", "cycle-00001-fixed-surer"}
    alone = Settings(data_dir=str(tmp_path / "alone"))
    made(Path(alone.data_dir), played(6, 4))
    assert once.run(alone, two_ways.learn, lessons.registered).entries[0].reason == report.entries[0].reason
    assert shadow(alone).version == shadow(settings).version


def test_a_cycle_that_was_killed_among_its_fits_does_only_the_others(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with book.opened(settings.database) as opened:
        lifecycle = Lifecycle(opened, FolderStore(Path(settings.data_dir) / "store"))
        assert steps.remaining(lifecycle, settings) == ["intake", "fits", "fixed"]
        steps.run(settings, "intake", quiet)
        assert steps.remaining(lifecycle, settings) == ["fits", "fixed"]
        lessons.only(lessons.RIGHT, two_ways.BROKEN)
        with pytest.raises(TrainerError, match="1 of 2 fits failed: fixed broken"):
            steps.run(settings, "fits", quiet)
        assert steps.remaining(lifecycle, settings) == ["fits", "fixed"]
        first = place(settings.work, "fixed", "right").stat().st_mtime_ns
        lessons.only(lessons.RIGHT, two_ways.SURER)
        steps.run(settings, "fits", quiet)
        assert place(settings.work, "fixed", "right").stat().st_mtime_ns == first
        assert steps.remaining(lifecycle, settings) == ["fixed"]
        lessons.only(two_ways.BROKEN)  # nothing is fitted any more
        steps.run(settings, "fixed", quiet)
        assert [entry.kind for entry in lifecycle.entries()] == [Kind.ADOPTED, Kind.ENTERED]
        assert steps.remaining(lifecycle, settings) == []


@pytest.mark.parametrize("harm", [b"", b"other"])
def test_fits_that_hold_no_longer_are_done_anew(settings: Settings, harm: bytes) -> None:
    with book.opened(settings.database) as opened:
        Lifecycle(opened, FolderStore(Path(settings.data_dir) / "store")).settle()
    steps.run(settings, "intake", quiet)
    steps.run(settings, "fits", quiet)
    file = place(settings.work, "fixed")
    content = file.read_bytes()
    snapshot = snapshot_id(settings)
    assert snapshot in content
    # half a file, or the fits of other data
    file.write_bytes(content.replace(snapshot, snapshot[:-5] + harm) if harm else content[: len(content) // 2])
    lessons.only(two_ways.BROKEN)
    with pytest.raises(RuntimeError, match="broken on purpose"):
        steps.run(settings, "fixed", quiet)


def snapshot_id(settings: Settings) -> bytes:
    found = load(settings.work)
    assert found is not None
    return found.id.encode()


# on Ray


@pytest.fixture(scope="module")
def cluster() -> Iterator[Tasks]:
    """A cluster of this machine alone."""
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'rps-quest[cluster]'")
    with tasks_of(Settings(ray_address="local")) as tasks:
        yield tasks


@pytest.mark.filterwarnings("ignore")  # Ray's own, of which this program decides nothing
def test_ray_does_the_same_and_gives_the_same_bits(cluster: Tasks, snapshot: Snapshot, together: Learned) -> None:
    assert [one.result() for one in ended(cluster, operator.add, 100, *range(5))] == [100 + at for at in range(5)]
    assert told(apart(cluster, snapshot)) == told(together)


@pytest.mark.filterwarnings("ignore")
def test_on_ray_what_fails_and_what_dies_is_told_and_the_others_are_done(cluster: Tasks) -> None:
    first, second, third = ended(cluster, operator.truediv, 1, 1, 0, 2)
    assert (first.result(), third.result()) == (1.0, 0.5)
    with pytest.raises(TaskFailed, match=r"(?s)job 1 failed\..*ZeroDivisionError"):
        second.result()
    dead, alive = sorted(
        cluster.map(operator.call, os._exit, [Job("dies", (3,)), Job("lives", ())]), key=lambda one: one.number
    )
    assert "lost before it was done" in dead.fault
    assert "TypeError" in alive.fault  # os._exit was called without a status, and the process lived to tell it


@pytest.mark.parametrize("address", ["127.0.0.1:9", "ray://127.0.0.1:9"])
def test_an_address_where_nobody_answers_is_told_with_what_to_do(address: str) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'rps-quest[cluster]'")
    with pytest.raises(NoCluster, match=f"No Ray cluster answers at {address} .*refused.*`ray start --head`"):
        tasks_of(Settings(ray_address=address)).__enter__()
