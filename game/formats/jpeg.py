"""JPEG (ITU T.81, annex B): segments, each a marker and its length, up to the frame that says how large it is."""

import re
from struct import Struct as Layout

from game.formats.fields import bad, read

MAGIC = b"\xff\xd8\xff"
MAX_SEGMENTS = 1024
"""Before the frame, and again after it."""
MAX_SCANS = 64
"""A progressive image has about ten. Each is a pass over all of it, and may be told in a handful of bytes."""
FRAMES = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive, Huffman-coded; cameras and editors write no others."""
OTHER_FRAMES = frozenset(range(0xC3, 0xD0)) - {0xC4, 0xC8, 0xCC}
START_OF_SCAN = 0xDA
END = 0xD9
BARE = frozenset({0x00, 0x01, *range(0xD0, 0xD8), 0xD8, END})
"""What no segment follows; before the frame, nothing of it may stand."""

_length = Layout(">H")
_frame = Layout(">BHHB")
_marker_after_scan = re.compile(rb"\xff+([^\x00\x01\xd0-\xd7\xff])", re.DOTALL)


def size(data: bytes) -> tuple[int, int]:
    """Width and height as the frame declares them; raises BadImage."""
    at = 2
    for _ in range(MAX_SEGMENTS):
        marker, at = _marker(data, at)
        (length,) = read(_length, data, at)
        if length < 2 or at + length > len(data):
            raise bad("The JPEG is cut short.")
        if marker in FRAMES:
            if _scans(data, at + length) > MAX_SCANS:
                raise bad("The JPEG has too many scans.")
            return _framed(data, at, length)
        if marker in OTHER_FRAMES or marker == START_OF_SCAN:
            raise bad("The JPEG is of a kind that is not read here.")
        at += length
    raise bad("The JPEG has no frame.")


def _marker(data: bytes, at: int) -> tuple[int, int]:
    """The marker at this place and where its segment starts; any number of fill bytes may stand before it."""
    code = at
    while code < len(data) and data[code] == 0xFF:
        code += 1
    if code == at or code >= len(data) or data[code] in BARE:
        raise bad("The JPEG is damaged.")
    return data[code], code + 1


def _framed(data: bytes, at: int, length: int) -> tuple[int, int]:
    bits, height, width, components = read(_frame, data, at + 2)
    if bits != 8 or components not in (1, 3, 4) or length != 8 + 3 * components:
        raise bad("The JPEG is of a kind that is not read here.")
    return width, height


def _scans(data: bytes, at: int) -> int:
    """How many scans follow before the end; whatever is attached after that is of no concern."""
    scans = 0
    for _ in range(MAX_SEGMENTS):
        found = _marker_after_scan.search(data, at)
        if found is None or found[1][0] == END:
            return scans
        scans += found[1][0] == START_OF_SCAN
        (length,) = read(_length, data, found.end())
        at = found.end() + length
    raise bad("The JPEG has too many segments.")
