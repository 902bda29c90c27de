"""Images of every kind that may be looked at, drawn here, and the pieces that others are made of."""

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw


def drawn(width: int = 320, height: int = 240, mode: str = "RGB") -> Image.Image:
    """Something with edges and shades."""
    image = Image.radial_gradient("L").resize((width, height)).convert("RGB")
    ImageDraw.Draw(image).ellipse((width // 4, height // 4, width // 2, height // 2), fill=(200, 150, 120))
    return image.convert(mode)


def encoded(image: Image.Image, format: str = "JPEG", **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def marked(mark: bytes) -> bytes:
    """A good JPEG with these bytes in it, to be found again."""
    return encoded(drawn(), comment=mark)


def good() -> dict[str, bytes]:
    """Images that may be looked at, by what is special about them."""
    plain, exif = drawn(), Image.Exif()
    exif[0x0112] = 6
    return {
        "JPEG": encoded(plain),
        "progressive JPEG": encoded(plain, progressive=True),
        "grey JPEG": encoded(drawn(mode="L")),
        "CMYK JPEG": encoded(drawn(mode="CMYK")),
        "JPEG with a turn in EXIF": encoded(plain, exif=exif),
        "JPEG with much before its frame": encoded(plain, exif=b"Exif\0\0" + bytes(65_000), icc_profile=bytes(300_000)),
        "JPEG with something attached": encoded(plain) + b"\xff\xda" * 1000,
        "JPEG with fill bytes": encoded(plain).replace(b"\xff\xdb", b"\xff\xff\xff\xdb", 1),
        "PNG": encoded(plain, "PNG"),
        "PNG with transparency": encoded(drawn(mode="RGBA"), "PNG"),
        "PNG with a palette": encoded(drawn(mode="P"), "PNG"),
        "16-bit PNG": encoded(drawn(mode="L").convert("I;16"), "PNG"),
        "WebP": encoded(plain, "WEBP"),
        "lossless WebP": encoded(plain, "WEBP", lossless=True),
        "WebP with a profile": encoded(plain, "WEBP", exif=exif, icc_profile=bytes(100)),
    }


def chunk(kind: bytes, body: bytes, length: int | None = None) -> bytes:
    """A chunk of a PNG, which may declare another length than it has."""
    size = len(body) if length is None else length
    return struct.pack(">I", size) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(
    width: int, height: int, pixels: bytes | None = None, more: bytes = b"", bits: int = 8, colour: int = 2
) -> bytes:
    """A PNG that declares this size; black unless its pixels are given."""
    row = 1 + (width * bits * {0: 1, 2: 3, 6: 4}.get(colour, 1) + 7) // 8
    packed = black(row * height) if pixels is None else pixels
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + more + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def black(size: int) -> bytes:
    """So many zeros, packed, without ever having them all."""
    packer, out = zlib.compressobj(9), []
    for _ in range(size // 1_000_000):
        out.append(packer.compress(bytes(1_000_000)))
    return b"".join([*out, packer.compress(bytes(size % 1_000_000)), packer.flush()])


def riff(*chunks: bytes, declared: int | None = None) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) if declared is None else declared) + body


def riff_chunk(kind: bytes, body: bytes, length: int | None = None) -> bytes:
    return kind + struct.pack("<I", len(body) if length is None else length) + body + bytes(len(body) % 2)


def canvas(width: int, height: int, flags: int = 0) -> bytes:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return riff_chunk(b"VP8X", bytes([flags, 0, 0, 0]) + sides)


def resized(jpeg: bytes, width: int, height: int) -> bytes:
    """The same JPEG, declaring another size."""
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]
