import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from inference.errors import StartError
from inference.places import bind_tcp, bind_unix


@pytest.fixture
def path() -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        yield Path(folder) / "deep" / "s"


def test_the_folder_is_made_and_the_socket_is_private(path: Path) -> None:
    with bind_unix(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_socket_that_nobody_listens_on_is_replaced(path: Path) -> None:
    bind_unix(path).close()
    with bind_unix(path) as bound:
        bound.listen()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
    assert path.exists()


def test_a_living_listener_is_left_alone(path: Path) -> None:
    with bind_unix(path) as bound:
        bound.listen()
        with pytest.raises(StartError, match="another process listens"):
            bind_unix(path)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))


def test_a_file_of_another_kind_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("precious")
    with pytest.raises(StartError, match="no socket"):
        bind_unix(path)
    assert path.read_text() == "precious"


def test_a_path_that_is_too_long_is_told(path: Path) -> None:
    with pytest.raises(StartError, match="too long"):
        bind_unix(path.parent / ("x" * 120))


def test_a_folder_that_cannot_be_made_is_told(path: Path) -> None:
    path.parent.write_text("a file")
    with pytest.raises(StartError, match="cannot be opened"):
        bind_unix(path)


def test_a_port_in_use_is_told() -> None:
    with bind_tcp("127.0.0.1", 0) as bound:
        port = bound.getsockname()[1]
        with pytest.raises(StartError, match=f"127.0.0.1:{port} cannot be used: Address already in use"):
            bind_tcp("127.0.0.1", port)


def test_a_host_that_is_none_is_told() -> None:
    with pytest.raises(StartError, match="cannot be used"):
        bind_tcp("256.0.0.1", 0)
