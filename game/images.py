"""What an image says of itself, read from its header before anything decodes it.

Only JPEG, PNG and WebP, still, of 16 pixels a side to `MAX_PIXELS` in all, WebP half of that. No size that the bytes
declare is trusted: each is followed only inside the bytes that are there, in a bounded number of steps. An image whose
decoding would cost far more than its pixels do (hundreds of JPEG scans, packed text in a PNG) is refused too. What
passes may still be damaged further on: that, only decoding tells.
"""

from msgspec import Struct

from game.codes import Code
from game.errors import BadImage as BadImage
from game.formats import jpeg, png, webp
from game.formats.fields import bad
from game.look import MAX_PIXELS

MIN_SIDE = 16
"""Pixels; nothing smaller shows a hand."""
MAX_PIXELS_OF = {"WebP": MAX_PIXELS // 2}
"""Formats whose decoder holds several copies of an image: a WebP takes twice what a PNG does."""
FORMATS = {"JPEG": jpeg, "PNG": png, "WebP": webp}


class Header(Struct, frozen=True):
    """What an image declares; width and height are pixels as stored, before it is turned upright."""

    format: str
    width: int
    height: int


def measured(data: bytes) -> Header:
    """The image's header; raises BadImage with the code `too-large` or `bad-image`."""
    for name, format in FORMATS.items():
        if data.startswith(format.MAGIC):
            return _allowed(Header(name, *format.size(data)))
    raise bad("These bytes are not a JPEG, PNG or WebP image." if data else "The image is empty.")


def _allowed(header: Header) -> Header:
    size = f"An image of {header.width} x {header.height} pixels"
    if min(header.width, header.height) < MIN_SIDE:
        raise bad(f"{size} is too small; {MIN_SIDE} a side are the least.")
    most = MAX_PIXELS_OF.get(header.format, MAX_PIXELS)
    if header.width * header.height > most:
        which = f" of a {header.format}" if header.format in MAX_PIXELS_OF else ""
        raise BadImage(Code.TOO_LARGE, f"{size} is too large; {most:,} in all are the most{which}.")
    return header
