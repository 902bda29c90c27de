"""Bundles around any bytes, which are never run, and stores of both kinds: a folder, and a bucket behind HTTP."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import count
from pathlib import Path

import pytest
from minio import Minio
from support.grounds import BucketGround, FolderGround, Ground
from support.s3 import ACCESS, SECRET, serving

from game.features import CONTRACT
from models.bundle import INPUT, OUTPUT, Manifest, Scores, Training, version_of
from models.places import Bucket
from models.store import Store

SCORES = Scores(1, 0.5, 1.0, (0.4, 0.6), (0.9, 1.1))


def _manifest(model: bytes, *, version: str = "", contract: str = CONTRACT, output: str = OUTPUT) -> Manifest:
    return Manifest(
        format=1,
        family="brian",
        version=version or version_of("brian", model),
        created="2025-01-01T00:00:00Z",
        contract=contract,
        input=INPUT,
        output=output,
        model_sha256=sha256(model).hexdigest(),
        training=Training(["made up"], 1, 1, "CC0-1.0"),
        configuration={"layers": [64, 32], "rate": 0.1},
        metrics=SCORES,
        baselines={"uniform": SCORES},
    )


@pytest.fixture
def manifest() -> Callable[..., Manifest]:
    return _manifest


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of an S3 server."""
    with serving() as port:
        yield f"127.0.0.1:{port}"


BUCKETS = count()


@pytest.fixture
def bucket(s3: str, tmp_path: Path) -> BucketGround:
    """A bucket of its own."""
    name = f"bundles-{next(BUCKETS)}"
    Minio(s3, access_key=ACCESS, secret_key=SECRET, secure=False, region="us-east-1").make_bucket(name)
    place = Bucket(
        endpoint=s3, access=ACCESS, secret=SECRET, bucket=name, prefix="rps/one", secure=False, region="us-east-1"
    )
    return BucketGround(place, tmp_path)


@pytest.fixture(params=["folder", "bucket"])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Ground:
    if request.param == "folder":
        return FolderGround(tmp_path / "store", tmp_path / "shipped")
    found: BucketGround = request.getfixturevalue("bucket")
    return found


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    return tmp_path / "shipped"


@pytest.fixture
def store(ground: Ground) -> Store:
    return ground.store()
