"""Where a store is, as one text: a folder, or a bucket of an S3 server such as MinIO.

`path/to/folder`, `file:///folder` or `s3://ACCESS:SECRET@host:port/bucket/prefix?secure=1&region=us-east-1`, where
`minio://` means the same and port, prefix and options may be missing. What is special in ACCESS or SECRET is
percent-encoded. The client library is imported only where there is a bucket to open.
"""

import re
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from models.errors import PlaceError
from models.gesture_bundle import GestureStore
from models.gesture_bundle import read as read_gestures
from models.store import SHIPPED, FolderStore, FolderStoreOf, Store

GESTURES = "gestures"
SHIPPED_GESTURES = SHIPPED.with_name("shipped_gestures")
LEAST_KEY = 16

_ENDPOINT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._-]*(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)*)?")
_FORM = "s3://ACCESS:SECRET@host:port/bucket/prefix?secure=0|1"


class Bucket(Struct, frozen=True, kw_only=True):
    """A prefix in a bucket, and the credentials that open it; as text it is without them."""

    endpoint: str
    access: str
    secret: str
    bucket: str
    prefix: str
    secure: bool
    region: str

    def __str__(self) -> str:
        return "/".join(("s3:/", self.endpoint, self.bucket, *filter(None, [self.prefix])))

    __repr__ = __str__


Place = Path | Bucket


def place(text: str, data_dir: str) -> Place:
    """The place that the text means, the empty text the one below `data_dir`; raises PlaceError."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        return Path(text or Path(data_dir) / "store")
    if scheme == "file":
        return Path(rest)
    if scheme not in ("s3", "minio"):
        raise PlaceError(f"store_url is no folder, file:// or {_FORM}")
    return _bucket(text)


def store_at(place: Place, data_dir: str, key: str = "", shipped: Path = SHIPPED) -> Store:
    """The store there; what comes from a bucket is kept below `data_dir`, so that it can be served without it."""
    if isinstance(place, Path):
        return FolderStore(place, shipped, key.encode())
    from models.objects import Objects  # 12 MB and 0.1 s that a folder need not pay for
    from models.s3 import S3Store

    return S3Store(Objects(place), _cache(place, data_dir), shipped, key.encode())


def gestures_at(place: Place, data_dir: str, key: str = "", shipped: Path = SHIPPED_GESTURES) -> GestureStore:
    """The store of gesture models beside those of throws at `place`: its folder or prefix `gestures`."""
    if isinstance(place, Path):
        return FolderStoreOf(place / GESTURES, shipped, key.encode(), read_gestures)
    from models.objects import Objects
    from models.s3 import S3StoreOf

    own = replace(place, prefix=f"{place.prefix}/{GESTURES}".lstrip("/"))
    return S3StoreOf(Objects(own), _cache(own, data_dir), shipped, key.encode(), read_gestures)


def check_key(key: str) -> None:
    """Raise ValueError, without the key, if it is one that could be guessed."""
    if key and len(key) < LEAST_KEY:
        raise ValueError(f"bundle_key must have at least {LEAST_KEY} characters")


def _cache(bucket: Bucket, data_dir: str) -> Path:
    return Path(data_dir, "cache", bucket.endpoint.replace(":", "_"), bucket.bucket, bucket.prefix)


def _bucket(text: str) -> Bucket:
    try:
        parts = urlsplit(text)
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        raise PlaceError(f"store_url must look like {_FORM}") from None  # the cause may repeat the text
    credentials, _, endpoint = parts.netloc.rpartition("@")
    access, _, secret = credentials.partition(":")
    bucket, _, prefix = parts.path.strip("/").partition("/")
    secure, region = options.pop("secure", "1"), options.pop("region", "us-east-1")
    for good, what in (
        (access and secret, "credentials, ACCESS:SECRET@"),
        (_ENDPOINT.fullmatch(endpoint), "host or host:port"),
        (_BUCKET.fullmatch(bucket), "bucket"),
        (_PREFIX.fullmatch(prefix), "prefix of plain names"),
        (secure in ("0", "1"), "secure=0 or secure=1"),
        (region and not options and not parts.fragment, "options other than secure and region"),
    ):
        if not good:
            raise PlaceError(f"store_url must look like {_FORM}; it has no good {what}")
    return Bucket(
        endpoint=endpoint,
        access=unquote(access),
        secret=unquote(secret),
        bucket=bucket,
        prefix=prefix,
        secure=secure == "1",
        region=region,
    )
