"""The objects below one prefix of a bucket, over S3's protocol: what a store asks of AWS S3, MinIO or any such server.

Nothing waits long: a connection, each read and a whole download have their bounds, and after a failure the server is
left alone for a moment, in which every call fails at once. Whatever goes wrong is one `Unreachable` in one line that
holds no credentials.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from time import monotonic
from typing import TypeVar
from xml.etree.ElementTree import ParseError

from minio import Minio
from minio.error import MinioException, S3Error
from msgspec import Struct
from urllib3 import BaseHTTPResponse, PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError, MaxRetryError

from models.bundle import MAX_MODEL
from models.errors import StoreError, Unreachable
from models.places import Bucket

CONNECT_S, READ_S, DOWNLOAD_S = 2.0, 5.0, 60.0
PAUSE_S = 2.0
"""How long a server that failed is not asked again: twelve models of a table must not wait for it one by one."""
MISSING = ("NoSuchKey", "NoSuchObject")
OCCUPIED = (404, 409, 412)
"""What a conditional put is answered where the object is not, or no longer, what it was thought to be."""
_PIECE = 64 * 1024
_LEAST_PART = 5 * 1024 * 1024

T = TypeVar("T")


class Object(Struct, frozen=True):
    """An object's content, and the tag that is the same as long as nobody changes it."""

    content: bytes
    tag: str


class Listed(Struct, frozen=True):
    """An object from outside; `since` is in seconds of the epoch, by the server's clock."""

    name: str
    tag: str
    since: float


class Objects:
    """Names are relative to the prefix. Safe to share between threads."""

    def __init__(self, place: Bucket, *, read_s: float = READ_S, pause_s: float = PAUSE_S) -> None:
        # it tells of each request with its address, and a presigned address is a credential
        logging.getLogger("urllib3").setLevel(logging.ERROR)
        timeout = Timeout(connect=CONNECT_S, read=read_s)
        once_more = Retry(total=1, read=0, backoff_factor=0.1, status_forcelist=(500, 502, 503, 504))
        self._http = PoolManager(timeout=timeout, retries=once_more)
        self._client = Minio(
            place.endpoint,
            access_key=place.access,
            secret_key=place.secret,
            secure=place.secure,
            region=place.region,
            http_client=self._http,
        )
        self._bucket, self._prefix = place.bucket, f"{place.prefix}/" if place.prefix else ""
        self._place = str(place)
        self._pause_s = pause_s
        self._silent_until = 0.0
        self._silence = ""

    def get(self, name: str) -> Object | None:
        """The object, or None where there is none; raises Unreachable, or StoreError if it is too large."""

        def ask() -> Object:
            response = self._client.get_object(self._bucket, self._prefix + name)
            try:
                return Object(_content(response), _plain(response.headers.get("etag")))
            finally:
                response.close()
                response.release_conn()

        return self._where_it_is(ask)

    def tag(self, name: str) -> str | None:
        """The object's tag, without its content."""
        return self._where_it_is(lambda: _plain(self._client.stat_object(self._bucket, self._prefix + name).etag))

    def list(self, below: str) -> list[Listed]:
        """Every object whose name begins so, in the order of names."""
        with self._asking():
            return [
                Listed(
                    str(found.object_name).removeprefix(self._prefix),
                    _plain(found.etag),
                    found.last_modified.timestamp() if found.last_modified else 0.0,
                )
                for found in self._client.list_objects(self._bucket, self._prefix + below, recursive=True)
            ]

    def put(self, name: str, content: bytes) -> None:
        """Keep the object, whatever was there."""
        with self._asking():
            whole = max(len(content), _LEAST_PART)  # one request, so that the tag is of the content
            self._client.put_object(self._bucket, self._prefix + name, BytesIO(content), len(content), part_size=whole)

    def put_over(self, name: str, content: bytes, tag: str | None) -> bool:
        """Keep the object if what is there has this tag, or with None if nothing is; whether it did.

        The client cannot send conditions, so the request is made through a presigned address. It needs a server that
        heeds `If-Match` and `If-None-Match` on writes, as AWS S3 and MinIO do. It is never sent twice.
        """
        with self._asking():
            address = self._client.presigned_put_object(self._bucket, self._prefix + name, expires=timedelta(minutes=1))
            condition = {"If-None-Match": "*"} if tag is None else {"If-Match": f'"{tag}"'}
            answer = self._http.request("PUT", address, body=content, headers=condition, retries=False)
            if answer.status not in (200, 204, *OCCUPIED):
                raise HTTPError(f"status {answer.status}")
        return answer.status not in OCCUPIED

    def remove(self, name: str) -> None:
        """The object is gone; one that is not there is no fault."""
        with self._asking():
            self._client.remove_object(self._bucket, self._prefix + name)

    def _where_it_is(self, ask: Callable[[], T]) -> T | None:
        with self._asking():
            try:
                return ask()
            except S3Error as error:
                if error.code not in MISSING:
                    raise
        return None

    @contextmanager
    def _asking(self) -> Iterator[None]:
        if monotonic() < self._silent_until:
            raise Unreachable(self._silence)
        try:
            yield
        except (MinioException, HTTPError, OSError, ParseError, ValueError) as error:  # the last two: no S3 answer
            self._silence = f"The object store {self._place} cannot be used: {_reason(error)}."
            self._silent_until = monotonic() + self._pause_s
            raise Unreachable(self._silence) from None  # the cause's text may hold a presigned address


def _content(response: BaseHTTPResponse) -> bytes:
    end, pieces, size = monotonic() + DOWNLOAD_S, [], 0
    while piece := response.read1(_PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > MAX_MODEL:
            raise StoreError(f"An object is larger than {MAX_MODEL} bytes.")
        if monotonic() > end:
            raise HTTPError(f"a download took longer than {DOWNLOAD_S:.0f} s")
    return b"".join(pieces)


def _plain(tag: str | None) -> str:
    return (tag or "").strip('"')


def _reason(error: Exception) -> str:
    if isinstance(error, S3Error):
        return str(error.code)
    if isinstance(error, MaxRetryError):  # its own text names the address
        error = error.reason or error
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
