from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec import json
from msgspec.structs import replace

from models.bundle import MANIFEST, MAX_MODEL, MODEL, Manifest, read, version_of, write
from models.errors import BundleError
from models.experts import specs

Say = Callable[..., Manifest]
CONTENT = b"a model"


def refusal(folder: Path, digest: str | None = None) -> str:
    with pytest.raises(BundleError) as caught:
        read(folder, digest)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def folder(tmp_path: Path, manifest: Say) -> Path:
    write(tmp_path / "b", manifest(CONTENT), CONTENT)
    return tmp_path / "b"


def test_what_was_written_is_read(tmp_path: Path, manifest: Say) -> None:
    said = manifest(CONTENT)
    digest = write(tmp_path / "deep/b", said, CONTENT)
    bundle = read(tmp_path / "deep/b", digest)
    assert (bundle.manifest, bundle.digest, bundle.model) == (said, digest, CONTENT)
    assert digest == sha256((tmp_path / "deep/b" / MANIFEST).read_bytes()).hexdigest()
    assert {file.name for file in (tmp_path / "deep/b").iterdir()} == {MANIFEST, MODEL}


def test_a_bundle_is_never_written_over(folder: Path, manifest: Say) -> None:
    with pytest.raises(FileExistsError):
        write(folder, manifest(b"other"), b"other")
    assert read(folder).model == CONTENT


def test_a_version_names_its_content() -> None:
    assert version_of("brian", b"") == f"brian-{sha256(b'').hexdigest()[:12]}"
    assert version_of("brian", b"1") != version_of("brian", b"2")


def test_another_digest_is_refused(folder: Path) -> None:
    assert "digest" in refusal(folder, "0" * 64)


@pytest.mark.parametrize("change", [b"", CONTENT[:-1], CONTENT + b"\0", b"A model"])
def test_a_changed_model_is_refused(change: bytes, folder: Path) -> None:
    (folder / MODEL).write_bytes(change)
    assert "does not match the digest" in refusal(folder)


@pytest.mark.parametrize("name", [MODEL, MANIFEST])
def test_a_missing_file_is_refused(name: str, folder: Path) -> None:
    (folder / name).unlink()
    assert f"{name} cannot be read: No such file" in refusal(folder)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"{}", b"\xff\xfe", b"null", b'{"format": "1"}'])
def test_a_manifest_that_is_none_is_refused(text: bytes, folder: Path) -> None:
    (folder / MANIFEST).write_bytes(text)
    assert "the manifest cannot be read" in refusal(folder)


@pytest.mark.parametrize("version", ["../up", "a/b", "", ".hidden", "x\n", "A", "x" * 65, "a\0b"])
def test_a_version_that_is_no_plain_name_is_refused(version: str, folder: Path, manifest: Say) -> None:
    (folder / MANIFEST).write_bytes(json.encode(replace(manifest(CONTENT), version=version)))
    assert "the manifest cannot be read" in refusal(folder)


def test_another_contract_format_or_signature_is_refused(tmp_path: Path, manifest: Say) -> None:
    said = manifest(CONTENT)
    for name, other, fault in [
        ("contract", replace(said, contract="0:0"), "trained for features 0:0"),
        ("format", replace(said, format=2), "format 2 is not 1"),
        ("input", replace(said, input="x"), "it maps x to probabilities"),
        ("output", replace(said, output="y"), "it maps features to y"),
        ("reads", replace(said, reads="0" * 64), "trained on the bank 000000000000, this system has"),
    ]:
        write(tmp_path / name, other, CONTENT)
        assert fault in refusal(tmp_path / name)


def test_a_reader_of_this_bank_is_read(tmp_path: Path, manifest: Say) -> None:
    said = replace(manifest(CONTENT), reads=specs.CONTRACT)
    write(tmp_path / "b", said, CONTENT)
    assert read(tmp_path / "b").manifest == said


def test_a_manifest_that_does_not_say_what_it_reads_is_of_a_plain_model(tmp_path: Path, manifest: Say) -> None:
    write(tmp_path / "b", manifest(CONTENT), CONTENT)
    told = json.decode((tmp_path / "b" / MANIFEST).read_bytes())
    del told["reads"]
    (tmp_path / "b" / MANIFEST).write_bytes(json.encode(told))
    assert read(tmp_path / "b").manifest.reads == ""


def test_a_file_over_the_limit_is_refused_unread(folder: Path) -> None:
    with (folder / MODEL).open("wb") as file:
        file.truncate(MAX_MODEL + 1)
    assert f"larger than {MAX_MODEL}" in refusal(folder)
