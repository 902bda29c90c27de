"""Images drawn for tests."""

from io import BytesIO

from PIL import Image, ImageDraw

RED, GREEN, BLUE = (200, 40, 40), (40, 200, 40), (40, 40, 200)


def picture(colour: tuple[int, int, int] = RED, size: tuple[int, int] = (64, 48), format: str = "PNG") -> bytes:
    """A disc of this colour on grey."""
    drawn = Image.new("RGB", size, (128, 128, 128))
    ImageDraw.Draw(drawn).ellipse((0, 0, size[0] - 1, size[1] - 1), fill=colour)
    out = BytesIO()
    drawn.save(out, format)
    return out.getvalue()
