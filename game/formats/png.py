"""PNG (ISO/IEC 15948): chunks, the first of which is the header. All are walked, none is unpacked."""

from collections.abc import Iterator
from struct import Struct as Layout

from game.formats.fields import bad, read

MAGIC = b"\x89PNG\r\n\x1a\n"
MAX_CHUNKS = 8192
"""Encoders cut 8 MiB of pixels into fewer."""
PACKED = frozenset({b"zTXt", b"iTXt", b"iCCP"})
MAX_PACKED = 8
"""Chunks of those kinds; each may unpack to a megabyte."""
ANIMATION = frozenset({b"acTL", b"fcTL", b"fdAT"})
DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
"""Bits that a sample may have, by colour type."""
CHECKSUM = 4

_length = Layout(">I")
_header = Layout(">IIBBBBB")


def size(data: bytes) -> tuple[int, int]:
    """Width and height as the header declares them; raises BadImage."""
    chunks = list(_chunks(data))
    kinds = [kind for kind, _ in chunks]
    if not chunks or chunks[0] != (b"IHDR", _header.size) or kinds.count(b"IHDR") > 1:
        raise bad("The PNG does not begin with its one header.")
    if ANIMATION.intersection(kinds):
        raise bad("The PNG is animated; send a still image.")
    if b"IDAT" not in kinds:
        raise bad("The PNG has no pixels.")
    if sum(kind in PACKED for kind in kinds) > MAX_PACKED:
        raise bad("The PNG holds too much beside its pixels.")
    width, height, bits, colour, packing, filtering, interlacing = read(_header, data, len(MAGIC) + 8)
    if bits not in DEPTHS.get(colour, ()) or packing or filtering or interlacing > 1:
        raise bad("The PNG's header is damaged.")
    return width, height


def _chunks(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Kind and length of each chunk before the last."""
    at = len(MAGIC)
    for _ in range(MAX_CHUNKS):
        (length,) = read(_length, data, at)
        kind = data[at + 4 : at + 8]
        at += 8 + length + CHECKSUM
        if at > len(data):
            raise bad("The PNG is cut short.")
        if kind == b"IEND":
            return
        yield kind, length
    raise bad("The PNG has too many chunks.")
