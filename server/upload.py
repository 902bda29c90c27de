"""An image out of a request's body, in memory only and no more of it than an image may have.

The body is the image itself, or a form with one file. It is refused as soon as it is known to be too large, by what it
declares or by what has come, and the rest of it is not read.
"""

import asyncio
from typing import Protocol

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from game.codes import Code
from game.look import MAX_UPLOAD
from server.errors import Refusal
from server.room import Share

FORM = b"multipart/form-data"
PLAIN = (b"", b"application/octet-stream")
MAX_FORM = MAX_UPLOAD + 16 * 1024
"""Bytes of a form: its file, and what stands around it."""
READ_S = 30
"""A body that has not come by then is given up."""


class OtherKind(Refusal):
    """The body is of another kind than an image can come in."""


class Body(Protocol):
    """Takes a body piece by piece."""

    most: int

    def feed(self, data: bytes) -> None: ...

    def image(self) -> bytes:
        """The image, once all has come."""


async def uploaded(request: Request, share: Share) -> bytes:
    """The image that a request brings; raises Refusal, and `starlette.requests.ClientDisconnect`."""
    try:
        body, read = _body(request), 0
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > body.most:
            raise _too_large()
        async with asyncio.timeout(READ_S):
            async for piece in request.stream():
                read += len(piece)
                if read > body.most:
                    raise _too_large()
                share.grow(len(piece))
                body.feed(piece)
        return body.image()
    except TimeoutError as error:
        raise Refusal(Code.BAD_IMAGE, f"The image did not come within {READ_S} s.") from error
    except FormParserError as error:
        raise Refusal(Code.BAD_IMAGE, "The form cannot be read.") from error


def _body(request: Request) -> Body:
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind == FORM:
        return _Form(options.get(b"boundary", b""))
    if kind in PLAIN or kind.startswith(b"image/"):
        return _Plain()
    raise OtherKind(Code.BAD_IMAGE, "Send the image itself as the body, or a form (multipart/form-data) with one file.")


def _too_large() -> Refusal:
    return Refusal(Code.TOO_LARGE, f"An image may have {MAX_UPLOAD} bytes at most.")


class _Plain:
    """The body is the image."""

    most = MAX_UPLOAD

    def __init__(self) -> None:
        self._image = bytearray()

    def feed(self, data: bytes) -> None:
        self._image += data

    def image(self) -> bytes:
        return bytes(self._image)


class _Form:
    """The image is the one part of a form that has a file's name; other parts are passed over."""

    most = MAX_FORM

    def __init__(self, boundary: bytes) -> None:
        self._image = bytearray()
        self._files = 0
        self._in_file = False
        self._name, self._value = b"", b""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header,
                "on_part_data": self._data,
            },
        )

    def feed(self, data: bytes) -> None:
        self._parser.write(data)

    def image(self) -> bytes:
        self._parser.finalize()
        if self._files != 1:
            raise Refusal(Code.BAD_IMAGE, "The form must hold one file.")
        return bytes(self._image)

    def _begin(self) -> None:
        self._in_file = False

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header(self) -> None:
        if self._name.lower() == b"content-disposition" and b"filename" in parse_options_header(self._value)[1]:
            self._in_file = True
            self._files += 1
            if self._files > 1:
                raise Refusal(Code.BAD_IMAGE, "The form must hold one file.")
        self._name, self._value = b"", b""

    def _data(self, data: bytes, start: int, end: int) -> None:
        if not self._in_file:
            return
        self._image += data[start:end]
        if len(self._image) > MAX_UPLOAD:
            raise _too_large()
