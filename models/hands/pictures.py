"""From the bytes of an image to its pixels, upright and small enough to look at."""

from io import BytesIO

import numpy as np
from PIL import ExifTags
from PIL import Image as Pictures

from game.codes import Code
from game.images import BadImage, measured
from models.hands.regions import Image

LONGEST = 640
"""Pixels of the longer side that is looked at."""
TURNS = {
    2: Pictures.Transpose.FLIP_LEFT_RIGHT,
    3: Pictures.Transpose.ROTATE_180,
    4: Pictures.Transpose.FLIP_TOP_BOTTOM,
    5: Pictures.Transpose.TRANSPOSE,
    6: Pictures.Transpose.ROTATE_270,
    7: Pictures.Transpose.TRANSVERSE,
    8: Pictures.Transpose.ROTATE_90,
}
"""What undoes each orientation that EXIF knows. (Pillow's own `exif_transpose` also writes the EXIF anew, and fails on
photos whose other tags are odd.)"""


def decoded(data: bytes) -> Image:
    """RGB [h, w, 3], turned as its EXIF says, at most `LONGEST` on a side; raises BadImage.

    Its header is checked first: nothing is decoded that would be too large, or of another format than it says.
    """
    header = measured(data)
    try:
        with Pictures.open(BytesIO(data), formats=[header.format.upper()]) as picture:
            if picture.size != (header.width, header.height):  # a JPEG may have a second header after the first
                raise BadImage(Code.BAD_IMAGE, "The image is not of the size that its header says.")
            picture.draft("RGB", (LONGEST, LONGEST))  # a JPEG can be read at a half or a quarter of its size
            picture.load()
            picture.thumbnail((LONGEST, LONGEST), Pictures.Resampling.BILINEAR, reducing_gap=2.0)
            return np.asarray(rgb(_upright(picture)))  # turned when it is small: no large copy is made
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, Pictures.DecompressionBombError) as error:
        raise BadImage(Code.BAD_IMAGE, "The image cannot be decoded; it is damaged or not whole.") from error


def _upright(picture: Pictures.Image) -> Pictures.Image:
    turn = TURNS.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    return picture if turn is None else picture.transpose(turn)


def rgb(picture: Pictures.Image) -> Pictures.Image:
    """Eight bits each of red, green and blue; what is transparent is grey, and 16 bits are scaled."""
    if picture.mode.startswith("I;16") or picture.mode in ("I", "F"):
        values = np.asarray(picture, np.float32)
        most = 65535.0 if values.max(initial=0) > 255 else 255.0
        return Pictures.fromarray((values * (255.0 / most)).clip(0, 255).astype(np.uint8)).convert("RGB")
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        below = Pictures.new("RGBA", layer.size, (128, 128, 128, 255))
        return Pictures.alpha_composite(below, layer).convert("RGB")
    return picture.convert("RGB")
