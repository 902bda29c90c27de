"""What the trainer tells: a daemon's whole run as Prometheus reads it and as an OTLP receiver gets it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import monotonic, time
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families
from support import lessons
from support.database import add, made
from support.receiver import Receiver, receiving

from bench.system import System, free_port
from game.assignment import Alias
from game.records import Record
from models.errors import StoreError
from models.store import FolderStore, Pin
from telemetry import start
from telemetry.page import metrics_route
from telemetry.start import Telemetry, told
from telemetry.tallies import Counter
from telemetry.traces import ids_of
from trainer import daemon
from trainer.cycle import Work
from trainer.data import log
from trainer.gestures import retrain
from trainer.lifecycle import book
from trainer.lifecycle.admin import Admin
from trainer.lifecycle.chronicle import Chronicle
from trainer.lifecycle.compare import Comparison
from trainer.lifecycle.counted import Counted
from trainer.lifecycle.decisions import Lifecycle
from trainer.lifecycle.ledger import Entry, Kind
from trainer.lifecycle.sidecar import Sidecar
from trainer.lifecycle.watch import Watch
from trainer.meters import Meters, Now
from trainer.progress import Progress
from trainer.settings import Settings

Records = Callable[..., Iterator[Record]]
Page = dict[str, float]
PATIENCE_S = 180
PINS = {alias: Pin(f"brian-{alias.lower()}", str(alias)) for alias in Alias}


def settings_at(folder: Path, **more: object) -> Settings:
    plain = Settings(data_dir=str(folder), retrain_rounds=10, poll_s=0.01, admin_port=free_port(), inference_port=9)
    return replace(plain, **more)


@contextmanager
def running(settings: Settings, work: Work, register: Work = lessons.registered) -> Iterator[Telemetry]:
    """A daemon as the process composes it, but in a thread."""
    stop, meters = Event(), Meters()
    with told(settings, "trainer", meters.tallies) as telemetry:
        admin = Admin(settings, retrain.run, meters, [metrics_route(telemetry)])
        with daemon.working(settings, admin, work, register, meters, telemetry.traces) as working:
            following = Thread(target=working.follow, args=(stop,))
            following.start()
            try:
                yield telemetry
            finally:
                stop.set()
                following.join(PATIENCE_S)
                assert not following.is_alive()


def until(true: Callable[[], bool]) -> None:
    end = monotonic() + PATIENCE_S
    while not true():
        assert monotonic() < end
        Event().wait(0.02)


def page(port: int) -> Page:
    """What Prometheus reads on the admin port, by name and labels; nothing while it does not listen."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
            assert answer.headers["content-type"].startswith("text/plain")
            text = answer.read().decode()
    except (URLError, ConnectionError):
        return {}
    return {
        sample.name + "".join(f" {name}={said}" for name, said in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def entry(kind: Kind, family: str, number: int = 1, at: int = 0) -> Entry:
    return Entry(
        number=number, at=at, kind=kind, family=family, by="test", reason="", position=0, generation=number,
        before={}, after={}, evidence={}, previous="",
    )  # fmt: skip


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from trainer.fitting import families

    monkeypatch.setattr(families, "NAMES", families.NAMES)
    monkeypatch.setattr(families, "configurations", families.configurations)
    lessons.only(lessons.RIGHT)


@pytest.mark.usefixtures("made_up")
def test_a_daemons_run_can_be_read_on_the_admin_port_without_a_token(tmp_path: Path, played: Records) -> None:
    found = list(played(6, 4))
    made(tmp_path, found)
    settings = settings_at(tmp_path)
    since = time()
    with running(settings, lessons.learn):
        until(lambda: "rps_trainer_trained_age_seconds" in page(settings.admin_port))
        until(lambda: page(settings.admin_port).get("rps_registry_calls_total result=ok", 0) >= 1)
        read = page(settings.admin_port)
    assert read["rps_trainer_leading"] == 1
    assert read["rps_trainer_turns_total result=ok"] >= read["rps_trainer_turn_duration_seconds_count"] - 1 > 3
    assert read["rps_trainer_cycles_total status=ok"] == 1
    for step in ("intake", "fixed"):
        assert read[f"rps_trainer_steps_total status=ok step={step}"] == 1
        assert read[f"rps_trainer_step_duration_seconds_count status=ok step={step}"] == 1
    assert read["rps_trainer_decisions_total family=all kind=adopted"] == 1
    assert read["rps_trainer_decisions_total family=fixed kind=entered"] == 1
    assert read["rps_trainer_decisions_total family=all kind=trained"] == 1
    assert 0 <= read["rps_trainer_trained_age_seconds"] <= time() - since + 1
    assert read["rps_trainer_stream_lag reader=scoreboard"] == read["rps_trainer_stream_lag reader=comparison"] == 0
    assert read["rps_log_rounds_total player_kind=human"] == sum(type(one).__name__ == "Played" for one in found)
    assert read["rps_registry_duration_seconds_count"] >= 1
    assert read["rps_store_calls_total operation=table result=ok"] > 3
    assert any(name.startswith("rps_trainer_cycle_number phase=waiting for rounds") for name in read)
    assert (tmp_path / "trainer" / "scoreboard").exists()


def test_cycles_steps_and_turns_that_fail_are_counted_as_failed(tmp_path: Path, played: Records) -> None:
    made(tmp_path, played(1, 2))
    settings = settings_at(tmp_path)
    with running(settings, lessons.failing, lessons.failing):
        until(lambda: "rps_registry_calls_total result=failed" in page(settings.admin_port))
        read = page(settings.admin_port)
        assert read["rps_trainer_cycles_total status=failed"] == 1
        assert read["rps_trainer_steps_total status=failed step=intake"] == 1
        settings.database.rename(tmp_path / "away.db")
        until(lambda: page(settings.admin_port).get("rps_trainer_turns_total result=failed", 0) > 0)


def sent_to(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Settings and variables that send everything there."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
    return {"otel_exporter_otlp_endpoint": receiver.url, "otel_traces_sampler_arg": 1.0}


@pytest.mark.usefixtures("made_up")
def test_a_cycle_is_a_trace_with_a_span_for_each_step(
    tmp_path: Path, played: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path, played(6, 4))
    with receiving() as receiver:
        settings = settings_at(tmp_path, **sent_to(receiver, monkeypatch))
        with running(settings, lessons.learn):
            until(lambda: "rps_trainer_trained_age_seconds" in page(settings.admin_port))
        spans = {one.name: one for one in receiver.spans["trainer"]}
        assert set(spans) == {"cycle", "intake", "fixed"}
        assert {one.trace_id for one in spans.values()} == {spans["cycle"].trace_id}
        assert all(spans[step].parent_span_id == spans["cycle"].span_id for step in ("intake", "fixed"))
        assert all(one.status.code != one.status.STATUS_CODE_ERROR for one in spans.values())
        assert receiver.value("trainer", "rps.trainer.decisions") == 3


def test_a_step_that_fails_marks_its_span_and_the_cycles(
    tmp_path: Path, played: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path, played(1, 2))
    with receiving() as receiver:
        settings = settings_at(tmp_path, **sent_to(receiver, monkeypatch))
        with running(settings, lessons.failing):
            until(lambda: page(settings.admin_port).get("rps_trainer_cycles_total status=failed", 0) == 1)
        spans = {one.name: one.status for one in receiver.spans["trainer"]}
        assert set(spans) == {"cycle", "intake"}
        assert {one.message for one in spans.values()} == {"Step intake failed."}


def test_a_cycle_that_is_broken_off_ends_its_spans(
    tmp_path: Path, played: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path, played(1, 2))
    with receiving() as receiver:
        settings = settings_at(tmp_path, **sent_to(receiver, monkeypatch))
        with running(settings, lessons.endless):
            until((tmp_path / "started").exists)
        spans = {one.name: one.status.message for one in receiver.spans["trainer"]}
        assert spans == dict.fromkeys(("cycle", "intake"), "It was ended before it was done.")
        assert receiver.value("trainer", "rps.trainer.cycles") == 0


@pytest.fixture
def lifecycle(tmp_path: Path) -> Iterator[Lifecycle]:
    store = FolderStore(tmp_path / "store", shipped=tmp_path / "none")
    store.swap(0, {"brian": PINS})
    with book.opened(made(tmp_path)) as opened:
        yield Lifecycle(opened, store)


def test_a_match_that_is_judged_and_what_is_decided_are_traced(
    lifecycle: Lifecycle, tmp_path: Path, played: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Matches that ended before it began were judged before: they are taken in and not traced again."""
    database = tmp_path / "rps.db"
    some = list(played(1, 4, unfinished=False))
    lifecycle.settle()
    add(database, [one for one in some if one.match in ("m0", "m1")])
    monkeypatch.setattr(Comparison, "due", once_promoted())
    with receiving() as receiver:
        meters = Meters()
        with told(settings_at(tmp_path, **sent_to(receiver, monkeypatch)), "trainer", meters.tallies) as telemetry:
            watch = Watch("sequential", 1.0, Sidecar("127.0.0.1", 9), traces=telemetry.traces)
            with log.opened(database) as reader:
                assert watch.look(lifecycle, reader) == 2 and watch.behind == 0
            add(database, [one for one in some if one.match in ("m2", "m3")])
            with log.opened(database) as reader:
                assert watch.look(lifecycle, reader) == 2
        judged = [one for one in receiver.spans["trainer"] if one.name == "judge"]
        assert [int.from_bytes(one.trace_id) for one in judged] == [ids_of("m2")[0], ids_of("m3")[0]]
        assert [int.from_bytes(one.parent_span_id) for one in judged] == [ids_of("m2")[1], ids_of("m3")[1]]
        (decided,) = [one for one in receiver.spans["trainer"] if one.name == "decide"]
        said = {one.key: one.value.string_value for one in decided.attributes}
        assert (said["rps.decision"], said["rps.family"]) == ("promoted", "brian")
        assert decided.trace_id not in {one.trace_id for one in judged}


def once_promoted() -> Callable[..., object]:
    """Asks once for B to take Production."""
    from trainer.lifecycle.decisions import Change, Move

    wanted = [
        Change(
            kind=Kind.PROMOTED, family="brian", by="comparison", reason="it won", position=1,
            moves=(Move(PINS[Alias.B], Alias.PRODUCTION),),
        )
    ]  # fmt: skip
    return lambda self, family, position: wanted.pop() if wanted else None


def test_the_ledger_in_numbers_is_that_of_the_whole_ledger() -> None:
    chronicle = Chronicle()
    assert chronicle.decisions() == () and chronicle.trained_at is None
    for at, (kind, family) in enumerate(
        [(Kind.ADOPTED, ""), (Kind.PROMOTED, "logan"), (Kind.TRAINED, ""), (Kind.PROMOTED, "logan")]
    ):
        chronicle.follow(entry(kind, family, at=at))
    assert dict(chronicle.decisions()) == {("adopted", "all"): 1, ("promoted", "logan"): 2, ("trained", "all"): 1}
    assert chronicle.trained_at == 2


def test_evidence_is_named_by_what_it_would_do() -> None:
    comparison = Comparison("sequential")
    comparison.follow(replace(entry(Kind.ADOPTED, ""), after={"brian": PINS}))
    steps = {one.step: (one.family, one.e_value, one.pairs) for one in comparison.weights()}
    assert steps == dict.fromkeys(("promote", "raise", "order"), ("brian", 1.0, 0))
    turned = {**PINS, Alias.PRODUCTION: PINS[Alias.B], Alias.B: PINS[Alias.PRODUCTION]}
    comparison.follow(replace(entry(Kind.PROMOTED, "brian", 2), after={"brian": turned}))
    assert {one.step for one in comparison.weights()} == {"rollback", "raise", "order"}


def test_a_store_is_counted_by_operation_and_result(tmp_path: Path) -> None:
    calls = Counter("rps.store.calls", "{call}", "", ("operation", "result"))
    store = Counted(FolderStore(tmp_path / "store", shipped=tmp_path / "none"), calls)
    store.swap(store.table().generation, {"brian": PINS})
    with pytest.raises(StoreError):
        store.swap(0, {})
    assert store.last_table() == store.table() and store.kept() == [] and store.stamp()
    store.drop(1, [])
    assert calls.series == {
        ("table", "ok"): 2, ("swap", "ok"): 1, ("swap", "failed"): 1, ("last_table", "ok"): 1, ("kept", "ok"): 1,
        ("stamp", "ok"): 1, ("drop", "ok"): 1,
    }  # fmt: skip


def test_gauges_say_nothing_of_what_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "FRESH_S", 0.0)  # every page is made anew
    meters = Meters()
    with told(Settings(), "trainer", meters.tallies) as telemetry:
        bare = telemetry.exposition()[0].decode()
        assert "rps_trainer_leading 0.0" in bare or "rps_trainer_leading{" in bare
        assert "rps_trainer_cycle" not in bare and "rps_trainer_trained" not in bare and "unlearned" not in bare
        meters.now, meters.unlearned = Now(Progress("fitting wide", 37.5, None, 4)), 1234
        text = telemetry.exposition()[0].decode()
    assert "rps_trainer_cycle_progress" in text and "rps_trainer_cycle_remaining" not in text
    assert "1234" in text


@pytest.mark.timeout(1800)
def test_the_process_answers_at_metrics_writes_json_and_keeps_its_board(tmp_path: Path, played: Records) -> None:
    made(tmp_path, played(2, 2))
    with System(tmp_path, RPS_POLL_S="0.05", RPS_LOG_FORMAT="json") as system:
        port = int(system.environment["RPS_ADMIN_PORT"])
        system.start("trainer")
        until(lambda: page(port).get("rps_log_rounds_total player_kind=human", 0) > 20)
        read = page(port)
        assert any(name.startswith("target_info") and "service_name=trainer" in name for name in read)
        assert system.stop("trainer") == 0
        assert '"service": "trainer"' in system.log("trainer") and '"Stopped."' in system.log("trainer")
        system.start("trainer")
        until(lambda: page(port).get("rps_log_rounds_total player_kind=human", 0) > 0)
        again = page(port)
        assert again["rps_log_rounds_total player_kind=human"] == read["rps_log_rounds_total player_kind=human"]
        assert system.log("trainer").count("counted from the log's beginning") == 1
