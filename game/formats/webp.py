"""WebP (RFC 9649): chunks in a RIFF container, up to the one frame of a still image."""

from struct import Struct as Layout

from game.formats.fields import bad, read

MAGIC = b"RIFF"
WEBP = b"WEBP"
FIRST = 12
"""Where the first chunk is."""
MAX_CHUNKS = 64
"""Before the frame: colour profile and transparency at most, in what encoders write."""
ANIMATED = 0x02
START_CODE = b"\x9d\x01\x2a"
SIGNATURE = 0x2F
SIDE = 0x3FFF
"""A frame tells each side in 14 bits."""

_u32 = Layout("<I")
_extended = Layout("<IHBHB")
_sides = Layout("<HH")


def size(data: bytes) -> tuple[int, int]:
    """Width and height of the frame, which must be those of the canvas; raises BadImage."""
    (length,) = read(_u32, data, len(MAGIC))
    if data[8:FIRST] != WEBP:
        raise bad("These bytes are not a JPEG, PNG or WebP image.")
    if 8 + length > len(data):
        raise bad("The WebP is cut short.")
    at, canvas = FIRST, None
    for _ in range(MAX_CHUNKS):
        (length,) = read(_u32, data, at + 4)
        kind, body = data[at : at + 4], at + 8
        if body + length > len(data):
            raise bad("The WebP is cut short.")
        if kind in (b"ANIM", b"ANMF"):
            raise bad("The WebP is animated; send a still image.")
        if kind == b"VP8X":
            canvas = _canvas(data, body)
        elif kind in (b"VP8 ", b"VP8L"):
            found = _lossy(data, body) if kind == b"VP8 " else _lossless(data, body)
            if canvas not in (None, found):
                raise bad("The WebP's header is damaged.")
            return found
        at = body + length + length % 2
    raise bad("The WebP has no frame.")


def _canvas(data: bytes, at: int) -> tuple[int, int]:
    """Section 2.7: flags, then three bytes each of width and height less one."""
    flags, width_low, width_high, height_low, height_high = read(_extended, data, at)
    if flags & ANIMATED:
        raise bad("The WebP is animated; send a still image.")
    return (width_high << 16 | width_low) + 1, (height_high << 16 | height_low) + 1


def _lossy(data: bytes, at: int) -> tuple[int, int]:
    """RFC 6386, section 9.1: a key frame's tag and start code, then the sides, each under two bits of scale."""
    width, height = read(_sides, data, at + 6)
    if data[at] & 1 or data[at + 3 : at + 6] != START_CODE:
        raise bad("The WebP's header is damaged.")
    return width & SIDE, height & SIDE


def _lossless(data: bytes, at: int) -> tuple[int, int]:
    """Section 3.4: a signature, then the sides less one, a bit of transparency and three of version, which is 0."""
    (bits,) = read(_u32, data, at + 1)
    if data[at] != SIGNATURE or bits >> 29:
        raise bad("The WebP's header is damaged.")
    return (bits & SIDE) + 1, (bits >> 14 & SIDE) + 1
