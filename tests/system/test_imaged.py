"""Server and sidecar run from nothing but what their images hold, and a match can be played against a model."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from support.client import connected
from support.imaged import Imaged

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs users and Unix sockets")


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that any user may enter, as pytest's own is not."""
    with TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o755)
        yield path
        for each in path.rglob("*"):
            if each.is_dir():
                each.chmod(0o755)  # so that it can be removed


def made(folder: Path, process: str, **variables: str) -> Imaged:
    own = folder / process
    own.mkdir()
    return Imaged(process, own, **variables)


def tree(app: Path) -> set[Path]:
    return set(app.rglob("*"))


def finds(image: Imaged, module: str) -> bool:
    return image.does("-c", f"import sys, importlib.util as u; sys.exit(not u.find_spec({module!r}))") == 0


async def test_a_match_is_played_against_a_model_by_what_the_images_hold(folder: Path) -> None:
    with made(folder, "inference") as sidecar:
        meeting = str(sidecar.data / "inference.sock")
        with made(folder, "server", RPS_INFERENCE_SOCKET=meeting, RPS_CONTROL_SHARE="0") as server:
            before = tree(sidecar.app) | tree(server.app)
            sidecar.start()
            server.start()
            async with connected(f"http://127.0.0.1:{server.variables['RPS_PORT']}") as player:
                await player.hello()
                over = await player.play_out(await player.start("logan"))
            assert over["served_by"]["family"] == "logan"
            assert "model" in {told["thought"]["source"] for told in player.heard if told["type"] == "result"}
            assert (server.data / "rps.db").exists()
            assert server.stop() == 0
        assert sidecar.stop() == 0
        assert tree(sidecar.app) | tree(server.app) == before


def test_the_server_stands_without_a_sidecar_and_is_healthy_only_while_it_runs(folder: Path) -> None:
    with made(folder, "server") as server:
        assert not server.healthy()
        server.start()
        assert server.healthy()
        server.stop()
        assert not server.healthy()


@pytest.mark.parametrize("process", ["server", "inference"])
def test_a_process_can_write_nothing_but_its_data(folder: Path, process: str) -> None:
    with made(folder, process) as image:
        assert image.does("-c", f"open({str(image.data / 'x')!r}, 'w')") == 0
        assert image.does("-c", "open('x', 'w')") == 1
        assert image.does("-c", "open('LICENSE', 'a')") == 1


@pytest.mark.parametrize(
    ("process", "modules"),
    [
        ("server", ["numpy", "onnxruntime", "torch", "tensorflow", "models", "inference", "trainer"]),
        ("inference", ["torch", "tensorflow", "xgboost", "sklearn", "mlflow", "server", "trainer"]),
    ],
)
def test_what_a_process_must_not_have_cannot_be_imported(folder: Path, process: str, modules: list[str]) -> None:
    with made(folder, process) as image:
        assert finds(image, "game") and finds(image, process)
        assert [module for module in modules if finds(image, module)] == []
        assert image.does("-c", f"import {process}.__main__") == 0
