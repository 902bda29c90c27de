"""The registry against the real MLflow: on SQLite, behind its own server, and behind servers that are broken."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from game.assignment import Alias
from models.bundle import MODEL
from models.store import SHIPPED, FolderStore, Pin
from trainer.errors import RegistryUnavailable
from trainer.registry import tracking
from trainer.registry.reconcile import CURVE, Reconciled, reconcile
from trainer.registry.runs import Bin, Outbox, Run

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as Kept

# MLflow asks SQLAlchemy for a way of loading that will go some day
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning")

ROOT = Path(__file__).parents[2]
P, B, S1, S2 = Alias


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with MLflow's tables and nothing in them: making one takes seconds."""
    file = tmp_path_factory.mktemp("migrated") / "mlflow.db"
    tracking._prepare(file)
    return file


@pytest.fixture
def uri(tmp_path: Path, migrated: Path) -> str:
    (tmp_path / "mlflow").mkdir()
    return f"sqlite:///{shutil.copy(migrated, tmp_path / 'mlflow/mlflow.db')}"


@pytest.fixture
def client(uri: str) -> "MlflowClient":
    """MLflow's own view of what it holds."""
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri, registry_uri=uri)


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox")


@pytest.fixture
def shipped() -> dict[Alias, Pin]:
    """Logan's four."""
    return FolderStore(Path("nowhere")).table().aliases["logan"]


@pytest.fixture
def store(tmp_path: Path, shipped: dict[Alias, Pin]) -> FolderStore:
    """At generation 1: one family, of which two versions serve under three aliases."""
    store = FolderStore(tmp_path / "store")
    store.swap(0, {"logan": {P: shipped[P], B: shipped[B], S1: shipped[B]}})
    return store


def fit(name: str = "cycle-00001-logan-styles", **changes: object) -> Run:
    told: dict[str, object] = {
        "family": "logan",
        "version": "logan-0123456789ab",
        "digest": "",
        "parameters": {"inverse_penalty": 0.01, "products": "styles"},
        "metrics": {"held_out_accuracy": 0.55, "held_out_log_loss": 0.95, "production_log_loss": 0.97},
        "snapshot": "5a" * 32,
        "code": "0.1.0+c0de",
        "started": 1_700_000_000_000,
        "ended": 1_700_000_005_000,
        "chosen": True,
        "curve": (1.0, 0.97, 0.96),
    }
    return Run(name=name, **{**told, **changes})  # type: ignore[arg-type]


def whole() -> Run:
    """With all that there is to draw."""
    return fit(
        confusion=((10, 2, 3), (4, 11, 6), (7, 8, 12)),
        calibration=(Bin(0.4, 0.41, 50), Bin(0.6, 0.57, 50)),
        gain={"rock_pts": 2.0},
        permutation={"rock_pts": 0.01},
    )


def published(shipped: dict[Alias, Pin]) -> Run:
    """A run that made a version which the store holds and no alias names."""
    return fit("cycle-00001-logan-habits", version=shipped[S2].version, digest=shipped[S2].digest, passed=True)


def kept(client: "MlflowClient", wanted: str = "") -> "list[Kept]":
    """Every run that is not deleted."""
    experiment = client.get_experiment_by_name("rps-quest")
    return sorted(client.search_runs([experiment.experiment_id], wanted), key=lambda run: run.info.run_name)


def run_of(client: "MlflowClient", name: str) -> "Kept":
    (found,) = kept(client, f"tags.`rps.run` = '{name}'")
    return found


def aliases(client: "MlflowClient", family: str = "logan") -> dict[str, str]:
    """What each alias of the registered model means, as our versions."""
    model = client.get_registered_model(f"rps-{family}")
    return {
        alias: client.get_model_version(model.name, str(number)).tags["rps.version"]
        for alias, number in model.aliases.items()
    }


def everything(client: "MlflowClient") -> tuple[object, ...]:
    """All that MLflow holds of ours, with its own ids."""
    models = client.search_registered_models("name LIKE 'rps-%'")
    versions = client.search_model_versions("name LIKE 'rps-%'")
    return (
        [run.to_dictionary() for run in kept(client)],
        [(model.name, model.aliases, model.last_updated_timestamp) for model in models],
        sorted(
            (one.name, int(one.version), one.run_id, one.source, str(one.tags), one.description) for one in versions
        ),
    )


def test_a_run_is_kept_with_all_that_it_tells(
    uri: str, outbox: Outbox, store: FolderStore, client: "MlflowClient", tmp_path: Path
) -> None:
    outbox.put(whole())
    assert reconcile(uri, outbox, store).runs == 3  # with those of the two versions that serve
    assert outbox.waiting() == []
    found = run_of(client, fit().name)
    assert (found.info.status, found.info.run_name) == ("FINISHED", fit().name)
    assert (found.info.start_time, found.info.end_time) == (fit().started, fit().ended)
    assert found.data.params == {"inverse_penalty": "0.01", "products": "styles"}
    assert found.data.metrics == {**fit().metrics, CURVE: 0.96}
    curve = client.get_metric_history(found.info.run_id, CURVE)
    assert [(point.step, point.value) for point in curve] == [(1, 1.0), (2, 0.97), (3, 0.96)]
    ours = {name.removeprefix("rps."): text for name, text in found.data.tags.items() if name.startswith("rps.")}
    assert len(ours.pop("content")) == 64
    assert ours == {
        "run": fit().name,
        "family": "logan",
        "version": fit().version,
        "snapshot": fit().snapshot,
        "code": fit().code,
        "chosen": "true",
        "passed": "false",
    }
    assert found.info.artifact_uri.startswith((tmp_path / "mlflow/artifacts").as_uri())
    plots = sorted((tmp_path / "mlflow/artifacts").glob(f"{found.info.run_id}/artifacts/plots/*"))
    assert [path.name for path in plots] == [
        "calibration.png",
        "confusion.png",
        "importance_gain.png",
        "importance_permutation.png",
        "learning_curve.png",
    ]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in plots)


def test_the_aliases_are_exactly_those_of_the_table_and_of_every_shipped_family(
    uri: str, outbox: Outbox, client: "MlflowClient", tmp_path: Path
) -> None:
    store = FolderStore(tmp_path / "empty")
    table = store.table().aliases
    versions = {pin.version for pins in table.values() for pin in pins.values()}
    done = reconcile(uri, outbox, store)
    assert (done.versions, done.aliases) == (len(versions), sum(map(len, table.values())))
    for family, pins in table.items():
        assert aliases(client, family) == {str(alias): pin.version for alias, pin in pins.items()}


def test_a_version_is_linked_to_its_bundle_its_run_and_its_figures(
    uri: str, outbox: Outbox, store: FolderStore, client: "MlflowClient", shipped: dict[Alias, Pin]
) -> None:
    outbox.put(published(shipped))
    reconcile(uri, outbox, store)
    pin = shipped[S2]
    (version,) = client.search_model_versions(f"name = 'rps-logan' and tags.`rps.version` = '{pin.version}'")
    assert version.tags == {"rps.version": pin.version, "rps.digest": pin.digest}
    assert version.run_id == run_of(client, published(shipped).name).info.run_id
    assert version.source == f"rps-store:/bundles/{pin.version}"
    metrics = store.bundle(pin).manifest.metrics
    for figure in (f"{metrics.accuracy:.4f}", f"{metrics.log_loss:.4f}", f"{metrics.rounds:,}"):
        assert figure in version.description
    store.swap(1, {"logan": {P: pin}})
    assert reconcile(uri, outbox, store) == Reconciled(aliases=3)  # one set, two removed; no run is made for it
    assert aliases(client) == {"Production": pin.version}


def test_a_version_without_a_run_gets_one_from_its_manifest(
    uri: str, outbox: Outbox, store: FolderStore, client: "MlflowClient", shipped: dict[Alias, Pin]
) -> None:
    reconcile(uri, outbox, store)
    pin, told = shipped[P], store.bundle(shipped[P]).manifest
    found = run_of(client, f"shipped-{pin.version}")
    assert (found.info.status, found.data.tags["rps.digest"]) == ("FINISHED", pin.digest)
    assert found.data.params == {name: str(value) for name, value in told.configuration.items()}
    assert found.data.metrics["held_out_log_loss"] == told.metrics.log_loss
    assert found.data.metrics["held_out_accuracy_interval_low"] == told.metrics.accuracy_interval[0]
    name, scores = next(iter(told.baselines.items()))
    assert found.data.metrics[f"baseline_{name}_log_loss"] == scores.log_loss
    (version,) = client.search_model_versions(f"name = 'rps-logan' and tags.`rps.version` = '{pin.version}'")
    assert version.run_id == found.info.run_id


def test_a_second_time_changes_nothing(
    uri: str, outbox: Outbox, store: FolderStore, client: "MlflowClient", shipped: dict[Alias, Pin]
) -> None:
    for run in (fit(), published(shipped)):
        outbox.put(run)
    assert reconcile(uri, outbox, store) == Reconciled(runs=4, versions=3, aliases=3)
    before = everything(client)
    assert reconcile(uri, outbox, store) == Reconciled()
    outbox.put(fit())  # killed after the registry had it and before the outbox knew
    outbox.put(published(shipped))
    assert reconcile(uri, outbox, store) == Reconciled()
    assert everything(client) == before
    assert outbox.waiting() == []


def test_aliases_follow_the_table(
    uri: str, outbox: Outbox, store: FolderStore, client: "MlflowClient", shipped: dict[Alias, Pin]
) -> None:
    reconcile(uri, outbox, store)
    client.set_registered_model_alias("rps-logan", "mine", "1")
    store.swap(1, {"logan": {P: shipped[B], B: shipped[P], S2: shipped[S2]}})
    # two changed, one added, two removed
    assert reconcile(uri, outbox, store) == Reconciled(runs=1, versions=1, aliases=5)
    wanted = {"Production": shipped[B].version, "B": shipped[P].version, "shadow2": shipped[S2].version}
    assert aliases(client) == wanted


def test_a_family_that_left_the_table_has_no_aliases_and_models_of_others_are_let_be(
    uri: str, outbox: Outbox, store: FolderStore, client: "MlflowClient"
) -> None:
    reconcile(uri, outbox, store)
    client.create_registered_model("rps-theirs")
    client.create_model_version("rps-theirs", "s3://elsewhere/model")
    client.set_registered_model_alias("rps-theirs", "champion", "1")
    store.swap(1, {})
    assert reconcile(uri, outbox, store).aliases == 3
    assert client.get_registered_model("rps-logan").aliases == {}
    assert client.get_registered_model("rps-theirs").aliases.keys() == {"champion"}


def test_the_same_name_with_another_content_is_another_run(
    uri: str, outbox: Outbox, store: FolderStore, client: "MlflowClient"
) -> None:
    for log_loss in (0.95, 0.94):
        outbox.put(fit(metrics={"held_out_log_loss": log_loss}))
        reconcile(uri, outbox, store)
    found = kept(client, f"tags.`rps.run` = '{fit().name}'")
    assert sorted(run.data.metrics["held_out_log_loss"] for run in found) == [0.94, 0.95]


def test_what_mlflow_does_not_take_is_told_in_a_form_that_it_takes(
    uri: str, outbox: Outbox, store: FolderStore, client: "MlflowClient"
) -> None:
    metrics = {"brier": float("nan"), "loss": float("inf"), "accuracy of 50 % (test)": 0.5}
    parameters: dict[str, object] = {"why?": "x" * 20_000, **{f"p{number}": number for number in range(250)}}
    outbox.put(fit(metrics=metrics, parameters=parameters, curve=(1.0, float("nan"), *[0.5] * 1200)))
    reconcile(uri, outbox, store)
    found = run_of(client, fit().name)
    assert found.data.metrics == {"accuracy_of_50____test_": 0.5, CURVE: 0.5}
    assert found.data.params["why_"] == "x" * 5000
    assert len(found.data.params) == 251
    assert len(client.get_metric_history(found.info.run_id, CURVE)) == 1201


def test_a_file_that_is_no_run_is_set_aside_and_the_others_go_on(
    uri: str,
    outbox: Outbox,
    store: FolderStore,
    client: "MlflowClient",
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    outbox.put(fit("cycle-00002-logan-styles"))
    bad = tmp_path / "outbox/cycle-00001-logan-styles.json"
    bad.write_bytes(b'{"name": "cycle')
    assert reconcile(uri, outbox, store).set_aside == 1
    assert outbox.waiting() == []
    assert bad.with_name(f"{bad.name}.bad").read_bytes() == b'{"name": "cycle'
    assert bad.name in caplog.text
    assert run_of(client, "cycle-00002-logan-styles")
    assert reconcile(uri, outbox, store) == Reconciled()


def test_a_bundle_that_cannot_be_read_is_named_without_figures_until_it_can(
    uri: str, outbox: Outbox, shipped: dict[Alias, Pin], client: "MlflowClient", tmp_path: Path
) -> None:
    shutil.copytree(SHIPPED, tmp_path / "shipped")
    store = FolderStore(tmp_path / "store", tmp_path / "shipped")
    store.swap(0, {"logan": {P: shipped[P]}})
    file = tmp_path / "shipped/bundles" / shipped[P].version / MODEL
    whole = file.read_bytes()
    file.unlink()
    assert reconcile(uri, outbox, store) == Reconciled(runs=0, versions=1, aliases=1)
    assert reconcile(uri, outbox, store) == Reconciled()
    assert aliases(client) == {"Production": shipped[P].version}
    (version,) = client.search_model_versions("name = 'rps-logan'")
    assert "cannot be read" in version.description
    file.write_bytes(whole)
    assert reconcile(uri, outbox, store) == Reconciled(versions=1)
    (version,) = client.search_model_versions("name = 'rps-logan'")
    assert version.description.startswith("Accuracy ")
    assert version.tags["rps.digest"] == shipped[P].digest


class Killed(BaseException):
    """Nothing below the process's outermost loop survives this, as with a kill."""


STEPS = [
    "create_experiment",
    "create_run",
    "log_batch",
    "log_artifacts",
    "set_terminated",
    "create_registered_model",
    "create_model_version",
    "set_registered_model_alias",
    "delete_registered_model_alias",
]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_nothing_is_lost_or_doubled(
    step: str,
    when: str,
    uri: str,
    outbox: Outbox,
    store: FolderStore,
    shipped: dict[Alias, Pin],
    client: "MlflowClient",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from mlflow import MlflowClient

    real: Callable[..., object] = getattr(MlflowClient, step)

    def killed(self: "MlflowClient", *arguments: object, **options: object) -> object:
        if when == "after":
            real(self, *arguments, **options)
        raise Killed

    if step.startswith("delete"):
        reconcile(uri, outbox, store)
        store.swap(1, {"logan": {P: shipped[P]}})
    runs = [fit(), published(shipped)]
    for run in runs:
        outbox.put(run)
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(MlflowClient, step, killed)
        reconcile(uri, outbox, store)
    reconcile(uri, outbox, store)
    assert outbox.waiting() == []
    found = kept(client)
    names = [run.info.run_name for run in found]
    assert names == sorted([run.name for run in runs] + [f"shipped-{shipped[alias].version}" for alias in (P, B)])
    assert {run.info.status for run in found} == {"FINISHED"}
    assert run_of(client, fit().name).data.metrics == {**fit().metrics, CURVE: 0.96}
    versions = [version.tags["rps.version"] for version in client.search_model_versions("name = 'rps-logan'")]
    assert sorted(versions) == sorted(shipped[alias].version for alias in (P, B, S2))
    table = store.table().aliases["logan"]
    assert aliases(client) == {str(alias): pin.version for alias, pin in table.items()}
    assert reconcile(uri, outbox, store) == Reconciled()


def child(uri: str, tmp_path: Path) -> "subprocess.Popen[str]":
    """A fresh process that does it."""
    code = (
        "import logging, sys; from pathlib import Path\n"
        "from models.store import FolderStore; from trainer.registry.runs import Outbox\n"
        "from trainer.registry.reconcile import reconcile\n"
        "logging.basicConfig(level=logging.INFO)\n"
        "assert not {'mlflow', 'sqlalchemy'} & sys.modules.keys()\n"
        "folder = Path(sys.argv[2])\n"
        "print(reconcile(sys.argv[1], Outbox(folder / 'outbox'), FolderStore(folder / 'store')))\n"
        "from mlflow.telemetry import get_telemetry_client; assert get_telemetry_client() is None\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    variables = {"PATH": os.defpath, "HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    (tmp_path / "home").mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-c", code, uri, str(tmp_path)],
        cwd=tmp_path,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_process_of_its_own_makes_the_database_sends_nothing_and_is_quiet(
    outbox: Outbox, store: FolderStore, tmp_path: Path
) -> None:
    outbox.put(fit())
    with child(f"sqlite:///{tmp_path}/fresh/deep/mlflow.db", tmp_path) as process:
        told, log = process.communicate()
    assert process.returncode == 0, log
    assert told == "3 runs registered, 2 versions linked, 3 aliases changed, 0 files set aside\n"
    assert [line for line in log.splitlines() if "matplotlib" not in line] == []
    assert {path.name for path in (tmp_path / "fresh/deep").iterdir()} == {"mlflow.db", "artifacts"}
    assert not list((tmp_path / "home").rglob("*mlflow*"))
    assert not (tmp_path / "mlruns").exists()


def test_killed_while_the_database_is_made_it_is_made_again(outbox: Outbox, store: FolderStore, tmp_path: Path) -> None:
    outbox.put(fit())
    uri = f"sqlite:///{tmp_path}/fresh/mlflow.db"
    with child(uri, tmp_path) as process:
        while not any(draft.stat().st_size for draft in (tmp_path / "fresh").glob(".draft-*/mlflow.db")):
            assert process.poll() is None
            time.sleep(0.005)
        process.kill()
    assert not (tmp_path / "fresh/mlflow.db").exists()
    assert reconcile(uri, outbox, store) == Reconciled(runs=3, versions=2, aliases=3)


Answer = Callable[[BaseHTTPRequestHandler], None]


def text(status: int, body: bytes, kind: str = "application/json", **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def hang(handler: BaseHTTPRequestHandler) -> None:
    handler.server.over.wait(60)  # type: ignore[attr-defined]


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


EXPERIMENT = b'{"experiment": {"experiment_id": "1", "name": "rps-quest", "lifecycle_stage": "active"}}'
LIES: dict[str, Answer] = {
    "an error": text(500, b'{"error_code": "INTERNAL_ERROR", "message": "oh"}'),
    "an error without end": text(503, b"", Retry_After="100000"),
    "no access": text(401, b"who are you?", "text/plain"),
    "a page": text(200, b"<html><body>Welcome to nginx!</body></html>", "text/html"),
    "nothing": text(200, b""),
    "empty objects": text(200, b"{}"),
    "a list": text(200, b"[]"),
    "a number": text(200, b"42"),
    "a torn text": text(200, b'{"experiment": {"experiment'),
    "an experiment and nothing else": text(200, EXPERIMENT),
    "bytes": text(200, b"\xff\xfe\x00", "application/octet-stream"),
    "silence": hang,
    "a closed line": hang_up,
}


@pytest.fixture
def liar() -> Iterator[Callable[[Answer], str]]:
    """Starts a server that answers everything alike, and tells its address."""
    servers = []

    def start(answer: Answer) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer(self)

            do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

            def log_message(self, format: str, *arguments: Any) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.over = threading.Event()  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return f"http://me:hidden@127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.over.set()  # type: ignore[attr-defined]
        server.shutdown()
        server.server_close()


def check_refused(uri: str, outbox: Outbox, store: FolderStore) -> str:
    """It is unavailable, in one line without secrets, and all that waited still waits."""
    outbox.put(fit())
    before = [path.read_bytes() for path in outbox.waiting()]
    with pytest.raises(RegistryUnavailable) as caught:
        reconcile(uri, outbox, store)
    assert [path.read_bytes() for path in outbox.waiting()] == before
    said = str(caught.value)
    assert "\n" not in said
    assert "hidden" not in said
    assert len(said) < 500
    return said


@pytest.mark.parametrize("lie", LIES)
def test_a_server_that_is_broken_makes_the_registry_unavailable(
    lie: str,
    liar: Callable[[Answer], str],
    outbox: Outbox,
    store: FolderStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    assert "The registry at http://127.0.0.1:" in check_refused(liar(LIES[lie]), outbox, store)


def test_a_server_that_is_not_there_makes_the_registry_unavailable(outbox: Outbox, store: FolderStore) -> None:
    assert "refused" in check_refused("http://me:hidden@127.0.0.1:1", outbox, store)


def no_database(folder: Path) -> str:
    (folder / "letter.db").write_text("Dear reader, this is no database, and it is longer than its header.\n" * 99)
    return f"sqlite:///{folder / 'letter.db'}"


def below_a_file(folder: Path) -> str:
    (folder / "file").write_text("")
    return f"sqlite:///{folder / 'file' / 'mlflow.db'}"


def a_folder(folder: Path) -> str:
    (folder / "folder.db").mkdir()
    (folder / "folder.db" / "x").write_text("")
    return f"sqlite:///{folder / 'folder.db'}"


def locked(folder: Path) -> str:
    connection = sqlite3.connect(folder / "locked.db", check_same_thread=False)
    connection.execute("CREATE TABLE t (x)")
    connection.execute("BEGIN EXCLUSIVE")
    _HELD.append(connection)
    return f"sqlite:///{folder / 'locked.db'}"


_HELD: list[sqlite3.Connection] = []


@pytest.mark.parametrize(
    "place",
    [
        no_database,
        below_a_file,
        a_folder,
        locked,
        lambda folder: "nonsense://here",
        lambda folder: str(folder / "mlruns"),
    ],
)
def test_a_place_that_is_no_registry_is_told_as_such(
    place: Callable[[Path], str], outbox: Outbox, store: FolderStore, tmp_path: Path
) -> None:
    check_refused(place(tmp_path), outbox, store)
    for connection in _HELD:
        connection.close()
    _HELD.clear()


def test_a_folder_for_pictures_that_cannot_be_written_keeps_the_run_waiting(
    uri: str, outbox: Outbox, store: FolderStore, client: "MlflowClient", tmp_path: Path
) -> None:
    (tmp_path / "mlflow/artifacts").write_text("in the way")
    check_refused(uri, outbox, store)
    (tmp_path / "mlflow/artifacts").unlink()
    assert reconcile(uri, outbox, store).runs == 3
    assert [run.info.status for run in kept(client)] == ["FINISHED"] * 3


def test_an_experiment_that_was_deleted_is_told_as_such(
    uri: str, outbox: Outbox, store: FolderStore, client: "MlflowClient"
) -> None:
    reconcile(uri, outbox, store)
    client.delete_experiment(client.get_experiment_by_name("rps-quest").experiment_id)
    assert "experiment rps-quest was deleted" in check_refused(uri, outbox, store)


def test_a_registry_that_takes_too_long_is_left(
    uri: str, outbox: Outbox, store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "PATIENCE_S", -1.0)
    assert "taken more than" in check_refused(uri, outbox, store)


SERVER = """
import os, sys, socket
from pathlib import Path
folder = Path(sys.argv[1])
os.environ |= {
    "_MLFLOW_SERVER_FILE_STORE": f"sqlite:///{folder}/mlflow.db",
    "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
    "_MLFLOW_SERVER_ARTIFACT_DESTINATION": str(folder / "served"),
    "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
}
from mlflow.server import app
from werkzeug.serving import make_server
server = make_server("127.0.0.1", 0, app, threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.fixture
def server(uri: str, tmp_path: Path) -> Iterator[str]:
    """The address of MLflow's own server."""
    variables = {"PATH": os.defpath, "HOME": str(tmp_path), "MLFLOW_DISABLE_TELEMETRY": "true"}
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path / "mlflow")],
        cwd=tmp_path,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.kill()


def test_behind_mlflows_own_server_it_is_the_same(
    server: str, outbox: Outbox, store: FolderStore, shipped: dict[Alias, Pin], tmp_path: Path
) -> None:
    from mlflow import MlflowClient

    for run in (whole(), published(shipped)):
        outbox.put(run)
    assert reconcile(server, outbox, store) == Reconciled(runs=4, versions=3, aliases=3)
    assert reconcile(server, outbox, store) == Reconciled()
    client = MlflowClient(tracking_uri=server, registry_uri=server)
    found = run_of(client, fit().name)
    assert found.data.metrics == {**fit().metrics, CURVE: 0.96}
    assert len(list((tmp_path / "mlflow/served").glob(f"**/{found.info.run_id}/artifacts/plots/*.png"))) == 5
    assert aliases(client) == {
        "Production": shipped[P].version,
        "B": shipped[B].version,
        "shadow1": shipped[B].version,
    }
