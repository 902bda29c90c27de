"""Numbers out of bytes that may end too early."""

from struct import Struct as Layout

from game.codes import Code
from game.errors import BadImage


def bad(text: str) -> BadImage:
    """The refusal of bytes that are no readable image."""
    return BadImage(Code.BAD_IMAGE, text)


def read(layout: Layout, data: bytes, at: int) -> tuple[int, ...]:
    """The numbers at this place; raises BadImage where the bytes end before them."""
    if at + layout.size > len(data):
        raise bad("The image is cut short.")
    return layout.unpack_from(data, at)
