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
    "server": {"game", "server"},
    "inference": {"game", "models", "inference"},
    "trainer": {"game", "models", "trainer"},
}
THEIRS = {
    "game": {"msgspec"},
    "models": {"msgspec", "minio", "urllib3", "numpy"},
    "server": {"msgspec", "starlette", "uvicorn", "uvloop", "aiosqlite"},
    "inference": {"msgspec", "starlette", "uvicorn", "uvloop", "numpy", "onnxruntime"},
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
        "opentelemetry",
        "pyspiel",
        "websockets",
        "starlette",
        "uvicorn",
    },
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


def test_a_bundle_is_read_without_numpy() -> None:
    using = [path for path in (ROOT / "models").rglob("*.py") if "numpy" in imported(path)]
    assert using
    assert all(path.parent.name == "experts" and path.name != "specs.py" for path in using)


def test_the_registrys_client_is_used_in_one_place() -> None:
    using = [path.name for path in (ROOT / "trainer").rglob("*.py") if imported(path) & {"mlflow"}]
    assert using == ["tracking.py"]


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
