"""Where a store is, from one text, and that nothing else is loaded for a folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from models.errors import PlaceError
from models.places import LEAST_KEY, Bucket, check_key, place, store_at
from models.s3 import S3Store
from models.store import FolderStore


@pytest.mark.parametrize(
    ("text", "folder"),
    [("", "var/store"), ("there", "there"), ("/abs/there", "/abs/there"), ("file:///abs", "/abs")],
)
def test_a_folder(text: str, folder: str) -> None:
    assert place(text, "var") == Path(folder)


@pytest.mark.parametrize("scheme", ["s3", "minio"])
def test_a_bucket(scheme: str) -> None:
    found = place(f"{scheme}://me:a%2Fb%3Ac@minio:9000/bundles/rps/one/?secure=0&region=eu-1", "var")
    assert found == Bucket(
        endpoint="minio:9000",
        access="me",
        secret="a/b:c",
        bucket="bundles",
        prefix="rps/one",
        secure=False,
        region="eu-1",
    )
    assert str(found) == repr(found) == "s3://minio:9000/bundles/rps/one"
    short = place("s3://me:secret@s3.example.org/bundles", "var")
    assert isinstance(short, Bucket)
    assert (short.secure, short.prefix, short.region) == (True, "", "us-east-1")


@pytest.mark.parametrize(
    "text",
    [
        "s3://bundles",
        "s3://minio:9000/bundles",
        "s3://me@minio:9000/bundles",
        "s3://me:hidden@/bundles",
        "s3://me:hidden@minio:port/bundles",
        "s3://me:hidden@[minio/bundles",
        "s3://me:hidden@minio:9000",
        "s3://me:hidden@minio:9000/B",
        "s3://me:hidden@minio:9000/bundles/../up",
        "s3://me:hidden@minio:9000/bundles?secure=no",
        "s3://me:hidden@minio:9000/bundles?sekure=1",
        "s3://me:hid/den@minio:9000/bundles",
        "https://me:hidden@minio:9000/bundles",
        "postgres://me:hidden@db/rps",
    ],
)
def test_what_is_neither_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(PlaceError, match="store_url") as caught:
        place(text, "var")
    assert "hid" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_each_place_has_its_store(tmp_path: Path) -> None:
    assert isinstance(store_at(tmp_path, "var"), FolderStore)
    assert isinstance(store_at(place("s3://me:secret@minio:9000/bundles", "var"), str(tmp_path)), S3Store)


def test_a_key_is_long_or_none() -> None:
    check_key("")
    check_key("k" * LEAST_KEY)
    with pytest.raises(ValueError, match="at least 16") as caught:
        check_key("guessed")
    assert "guessed" not in str(caught.value)


@pytest.mark.parametrize("module", ["inference.__main__", "trainer.__main__", "trainer.steps"])
def test_a_process_with_a_folder_does_not_load_the_object_stores_client(module: str) -> None:
    code = (
        f"import sys, {module}; from models.places import *; store_at(place('', 'var'), 'var'); "
        "sys.exit(str({'minio', 'urllib3', 'Crypto', 'certifi'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stderr.strip() == "set()"
