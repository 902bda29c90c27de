"""Which package may import which, and what each process's image may hold."""

import ast
import re
from pathlib import Path

import pytest

from game.settings import KNOWN, PREFIX, variable_of

ROOT = Path(__file__).parent.parent

OURS = {
    "game": {"game"},
    "models": {"game", "models"},
    "telemetry": {"game", "telemetry"},
    "server": {"game", "telemetry", "server"},
    "inference": {"game", "models", "telemetry", "inference"},
    "trainer": {"game", "models", "telemetry", "trainer"},
    "k8s": {"k8s", "telemetry"},
}
THEIRS = {
    "game": {"msgspec"},
    "models": {"msgspec", "minio", "urllib3", "numpy", "onnxruntime", "ai_edge_litert", "PIL"},
    "telemetry": {
        "msgspec",
        "opentelemetry",
        "packaging",
        "prometheus_client",
        "psutil",
        "pythonjsonlogger",
        "starlette",
        "tqdm",
    },
    "server": {"msgspec", "starlette", "uvicorn", "uvloop", "aiosqlite", "asyncpg", "nats", "python_multipart"},
    "inference": {"msgspec", "starlette", "uvicorn", "uvloop", "numpy"},
    "trainer": {
        "msgspec",
        "numpy",
        "onnxruntime",
        "onnx",
        "torch",
        "xgboost",
        "sklearn",
        "scipy",
        "threadpoolctl",
        "optuna",
        "mlflow",
        "matplotlib",
        "pyspiel",
        "tensorflow",
        "keras",
        "tf2onnx",
        "PIL",
        "websockets",
        "starlette",
        "uvicorn",
        "asyncpg",
        "nats",
        "pyarrow",
        "ray",
    },
    "k8s": {"grafana_foundation_sdk", "msgspec", "yaml"},
}
STANDARD = {"__future__"} | set(__import__("sys").stdlib_module_names)
IMPURE = {"asyncio", "os", "random", "secrets", "socket", "sqlite3", "subprocess", "threading", "time", "datetime"}


def imported(path: Path) -> set[str]:
    """The top-level packages that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("package", OURS)
def test_packages_import_only_what_they_may(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        assert imported(path) - STANDARD <= OURS[package] | THEIRS[package], path


def test_the_object_stores_client_is_used_in_one_place() -> None:
    using = [path.name for path in (ROOT / "models").rglob("*.py") if imported(path) & {"minio", "urllib3"}]
    assert using == ["objects.py"]


def test_a_bundle_is_read_without_numpy_or_a_runtime() -> None:
    heavy = {"numpy", "onnxruntime", "ai_edge_litert", "PIL"}
    using = [path for path in (ROOT / "models").rglob("*.py") if imported(path) & heavy]
    assert {path.relative_to(ROOT / "models").parts[0] for path in using} == {"experts", "hands", "runtime.py"}
    assert all(path.name not in ("specs.py", "fetch.py") for path in using)


def test_a_session_of_the_runtime_is_opened_in_one_place() -> None:
    """What trains and judges may open its own; all that serves, and what judges what serves, opens it alike."""
    using = [path for package in ("models", "inference") for path in (ROOT / package).rglob("*.py")]
    assert [path.name for path in using if "onnxruntime" in imported(path)] == ["runtime.py"]


def test_the_registrys_client_is_used_in_one_place() -> None:
    using = [path.name for path in (ROOT / "trainer").rglob("*.py") if imported(path) & {"mlflow"}]
    assert using == ["tracking.py"]


def test_opentelemetrys_sdk_is_used_in_one_place() -> None:
    """Whoever counts or traces does it with `telemetry`."""
    files = [(package, path) for package in OURS for path in (ROOT / package).rglob("*.py")]
    assert {package for package, path in files if "opentelemetry" in imported(path)} == {"telemetry"}


def test_the_game_is_pure() -> None:
    for path in (ROOT / "game").rglob("*.py"):
        assert not imported(path) & IMPURE, path


@pytest.mark.parametrize("package", ["server", "inference", "trainer"])
def test_the_environment_is_read_in_one_place(package: str) -> None:
    """A library that takes its settings from nowhere else may be told them there."""
    telling = r"\benviron\.(?:update|setdefault)\("
    texts = {path.name: re.sub(telling, "", path.read_text()) for path in (ROOT / package).rglob("*.py")}
    assert [name for name, text in texts.items() if "environ" in text] == ["__main__.py"]


def test_every_variable_belongs_to_a_process() -> None:
    from inference.settings import Settings as Inference
    from server.settings import Settings as Server
    from trainer.settings import Settings as Trainer

    fields = {name for kind in (Server, Inference, Trainer) for name in kind.__struct_fields__}
    variables = {variable_of(name) for name in fields}
    assert {name for name in variables if name.startswith(PREFIX)} == KNOWN
