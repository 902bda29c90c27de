"""Sets of photos come over HTTP, whole and as expected or not at all, and stay below their folder."""

import io
import tarfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from zipfile import ZipFile, ZipInfo

import pytest

from trainer.errors import NotFetched
from trainer.gestures import fetch as fetching
from trainer.gestures.fetch import KNOWN, fetch

FILES = {"set/rock/a.jpg": b"a rock", "set/paper/b.jpg": b"paper" * 1000}


def zipped(files: dict[str, bytes], mode: int = 0) -> bytes:
    target = io.BytesIO()
    with ZipFile(target, "w") as zip:
        for name, body in files.items():
            info = ZipInfo(name)
            info.external_attr = mode << 16
            zip.writestr(info, body)
    return target.getvalue()


def tarred(files: dict[str, bytes], kind: bytes = tarfile.REGTYPE) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as tar:
        for name, body in files.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = kind, "/etc/passwd", len(body) if kind == tarfile.REGTYPE else 0
            tar.addfile(info, io.BytesIO(body))
    return target.getvalue()


class Host:
    """A server of one archive that may break off, and what it was asked."""

    def __init__(self) -> None:
        self.body = b""
        self.stop_after: int | None = None
        self.ranges: list[str | None] = []
        self.url = ""

    def handler(self) -> type[BaseHTTPRequestHandler]:
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                wanted = self.headers.get("Range")
                host.ranges.append(wanted)
                start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
                if start and start >= len(host.body):
                    self.send_error(416)
                    return
                part = host.body[start:]
                self.send_response(206 if start else 200)
                self.send_header("Content-Length", str(len(part)))
                self.end_headers()
                self.wfile.write(part[: host.stop_after])

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


@pytest.fixture
def host() -> Iterator[Host]:
    found = Host()
    with ThreadingHTTPServer(("127.0.0.1", 0), found.handler()) as server:
        found.url = f"http://127.0.0.1:{server.server_port}/set.zip"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def silent(text: str, share: float) -> None:
    """Nobody listens."""


def unpacked(target: Path) -> dict[str, bytes]:
    files = [path for path in target.rglob("*") if path.is_file() and not path.name.startswith(".")]
    return {path.relative_to(target).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_an_archive_is_unpacked_once_and_not_asked_for_again(
    host: Host, tmp_path: Path, pack: Callable[[dict[str, bytes]], bytes]
) -> None:
    host.body = pack(FILES)
    digest = sha256(host.body).hexdigest()
    assert unpacked(fetch(host.url, digest, tmp_path / "photos", silent)) == FILES
    fetch(host.url, digest, tmp_path / "photos", silent)
    assert host.ranges == [None]
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


def test_a_download_that_broke_off_goes_on_where_it_stopped(host: Host, tmp_path: Path) -> None:
    host.body, host.stop_after = zipped(FILES), 1000
    digest = sha256(host.body).hexdigest()
    with pytest.raises(NotFetched, match="broke off"):
        fetch(host.url, digest, tmp_path / "photos", silent)
    assert not (tmp_path / "photos").exists()
    host.stop_after = None
    assert unpacked(fetch(host.url, digest, tmp_path / "photos", silent)) == FILES
    assert host.ranges == [None, "bytes=1000-"]


def test_another_archive_than_expected_leaves_nothing(host: Host, tmp_path: Path) -> None:
    host.body = zipped(FILES)
    with pytest.raises(NotFetched, match="gave an archive of the digest"):
        fetch(host.url, "0" * 64, tmp_path / "photos", silent)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("digest", ["", "12", "g" * 64])
def test_without_a_digest_nothing_is_asked(host: Host, tmp_path: Path, digest: str) -> None:
    with pytest.raises(NotFetched, match="--sha256"):
        fetch(host.url, digest, tmp_path / "photos", silent)
    assert host.ranges == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (zipped({"../out.jpg": b"x"}), "leads out"),
        (zipped({"/out.jpg": b"x"}), "leads out"),
        (zipped({"a/../../out.jpg": b"x"}), "leads out"),
        (zipped({"C:\\out.jpg": b"x"}), "leads out"),
        (zipped({"a.jpg": b"/etc/passwd"}, 0o120777), "neither a file nor a folder"),
        (zipped({"a": b"x", "a/b.jpg": b"x"}), "cannot be unpacked"),
        (tarred({"../out.jpg": b"x"}), "leads out"),
        (tarred({"a.jpg": b""}, tarfile.SYMTYPE), "neither a file nor a folder"),
        (tarred({"a.jpg": b""}, tarfile.LNKTYPE), "neither a file nor a folder"),
        (tarred({"a.jpg": b""}, tarfile.CHRTYPE), "neither a file nor a folder"),
        (b"no archive", "cannot be unpacked"),
        (zipped(FILES)[:-40], "cannot be unpacked"),
    ],
)
def test_what_would_leave_the_folder_or_is_no_archive_is_refused(
    host: Host, tmp_path: Path, body: bytes, said: str
) -> None:
    host.body = body
    inside = tmp_path / "inside"
    with pytest.raises(NotFetched, match=said):
        fetch(host.url, sha256(body).hexdigest(), inside / "photos", silent)
    assert not (inside / "photos").exists() and [path.name for path in tmp_path.iterdir()] == ["inside"]


def test_what_unpacks_to_too_much_is_refused(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MAX_UNPACKED", 1000)
    host.body = zipped(FILES)
    with pytest.raises(NotFetched, match="more than is allowed"):
        fetch(host.url, sha256(host.body).hexdigest(), tmp_path / "photos", silent)


def test_a_folder_of_something_else_is_not_replaced(host: Host, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises(NotFetched, match="name another folder"):
        fetch(host.url, "0" * 64, tmp_path / "photos", silent)


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFetched, match="no http"):
        fetch("file:///etc/passwd", "0" * 64, tmp_path / "photos", silent)


def test_every_known_set_names_its_licence() -> None:
    assert all(one.licence.startswith("CC") and one.credit and one.url.startswith("https://") for one in KNOWN.values())
