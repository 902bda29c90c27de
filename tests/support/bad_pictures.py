"""Every way in which an image can be bad, drawn here: foreign, cut, too small or large, lying, costly, damaged."""

import struct
import zlib
from collections.abc import Iterator

from msgspec import Struct

from game.codes import Code
from support.pictures import black, canvas, chunk, drawn, encoded, png, resized, riff, riff_chunk


class Bad(Struct, frozen=True):
    """An image that must be refused: what is wrong with it, and the code."""

    name: str
    data: bytes
    code: Code = Code.BAD_IMAGE


def bad() -> list[Bad]:
    """Every one is refused; most already by their headers, some only when they are decoded."""
    return [*_foreign(), *_cut(), *_sizes(), *_lying(), *_costly(), *_damaged()]


def _foreign() -> Iterator[Bad]:
    """What is no JPEG, PNG or WebP."""
    plain = drawn()
    for format in ("GIF", "TIFF", "BMP", "ICO", "PPM", "PDF", "TGA"):
        yield Bad(format, encoded(plain, format))
    zipped = b"PK\x03\x04" + bytes(26) + b"hand.jpg" + encoded(plain)
    texts = {
        "SVG": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        "HTML": b"<!doctype html><title>Rock</title><script>alert(1)</script>",
        "JSON": b'{"type":"move","move":"rock"}',
        "PHP": b"<?php echo 1; ?>",
    }
    for name, text in texts.items():
        yield Bad(name, text)
    yield Bad("zip", zipped)
    yield Bad("empty", b"")
    yield Bad("one byte", b"\xff")
    yield Bad("zeros", bytes(5000))
    yield Bad("many zeros", bytes(300_000))
    yield Bad("noise", bytes((index * 7919 + index // 256) % 251 for index in range(5000)))
    yield Bad("JPEG after a space", b" " + encoded(plain))
    yield Bad("HEIC", b"\x00\x00\x00\x18ftypheic" + bytes(64))
    yield Bad("AVIF", b"\x00\x00\x00\x1cftypavif" + bytes(64))
    yield Bad("wave sound in RIFF", b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(40))
    yield Bad("animated PNG", encoded(plain, "PNG", save_all=True, append_images=[plain.rotate(9)]))
    yield Bad("animated WebP", encoded(plain, "WEBP", save_all=True, append_images=[plain.rotate(9)]))


def _cut() -> Iterator[Bad]:
    """Good images that end too early."""
    plain = drawn()
    jpeg, png, webp = encoded(plain), encoded(plain, "PNG"), encoded(plain, "WEBP")
    lossless = encoded(plain, "WEBP", lossless=True)
    for size in (2, 3, 4, 20, 100, 160):
        yield Bad(f"JPEG cut to {size}", jpeg[:size])
    for size in (8, 16, 24, 33, 40, len(png) // 2, len(png) - 12):
        yield Bad(f"PNG cut to {size}", png[:size])
    for size in (4, 12, 16, 20, 29, len(webp) // 2):
        yield Bad(f"WebP cut to {size}", webp[:size])
    for size in (21, 24, len(lossless) // 2):
        yield Bad(f"lossless WebP cut to {size}", lossless[:size])


def _sizes() -> Iterator[Bad]:
    """Too small, or too large."""
    for format in ("JPEG", "PNG", "WEBP"):
        yield Bad(f"{format} of 1 x 1", encoded(drawn(4, 4).resize((1, 1)), format))
        yield Bad(f"{format} of 400 x 15", encoded(drawn(400, 15), format))
    yield Bad("PNG bomb", png(8000, 8000, colour=0, bits=1), Code.TOO_LARGE)
    yield Bad("PNG bomb in colour", png(8000, 8000), Code.TOO_LARGE)
    yield Bad("PNG of no width", png(0, 100, b""))
    yield Bad("PNG of four billion a side", png(2**32 - 1, 2**32 - 1, b""), Code.TOO_LARGE)
    yield Bad("JPEG that declares 65500 a side", resized(encoded(drawn()), 65500, 65500), Code.TOO_LARGE)
    yield Bad("JPEG of no height", resized(encoded(drawn()), 320, 0))
    yield Bad("WebP of more than two million", encoded(drawn(1001, 2000), "WEBP"), Code.TOO_LARGE)
    yield Bad(
        "WebP canvas of 16383 a side", riff(riff_chunk(b"VP8L", b"\x2f\xfe\xbf\xff\x0f" + bytes(20))), Code.TOO_LARGE
    )


def _lying() -> Iterator[Bad]:
    """Headers whose numbers are not true."""
    plain = drawn()
    jpeg, webp = encoded(plain), encoded(plain, "WEBP")
    scan = jpeg.index(b"\xff\xda")
    yield Bad("JPEG with a segment of length 0", jpeg[:4] + b"\x00\x00" + jpeg[6:])
    yield Bad("JPEG with a segment beyond its end", jpeg[:4] + b"\xff\xff" + jpeg[6:100])
    yield Bad("JPEG with a bare marker", jpeg.replace(b"\xff\xdb", b"\xff\x01\xff\xdb", 1))
    yield Bad("JPEG of scans alone", b"\xff\xd8" + jpeg[scan:])
    yield Bad("JPEG that ends before its frame", b"\xff\xd8\xff\xd9" + jpeg[2:])
    yield Bad("arithmetic JPEG", jpeg.replace(b"\xff\xc0", b"\xff\xc9", 1))
    yield Bad("lossless JPEG", jpeg.replace(b"\xff\xc0", b"\xff\xc3", 1))
    yield Bad("JPEG of 12 bits", jpeg.replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc0\x00\x11\x0c", 1))
    yield Bad(
        "JPEG of 200 components",
        jpeg.replace(b"\xff\xc0\x00\x11\x08\x00\xf0\x01\x40\x03", b"\xff\xc0\x00\x11\x08\x00\xf0\x01\x40\xc8", 1),
    )
    header = struct.pack(">IIBBBBB", 320, 240, 8, 2, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n"
    yield Bad("PNG with a chunk of 2 GiB", start + chunk(b"IHDR", header) + chunk(b"IDAT", b"x", 2**31))
    yield Bad("PNG with a header of 2 GiB", start + chunk(b"IHDR", header, 2**31))
    yield Bad("PNG without pixels", start + chunk(b"IHDR", header) + chunk(b"IEND", b""))
    yield Bad("PNG with nothing", start + chunk(b"IEND", b""))
    yield Bad("PNG with pixels first", start + chunk(b"IDAT", b"x") + chunk(b"IHDR", header) + chunk(b"IEND", b""))
    yield Bad("PNG with two headers", png(320, 240, more=chunk(b"IHDR", header)))
    yield Bad("PNG of 3 bits", png(320, 240, b"", bits=3))
    yield Bad("PNG of colour type 7", png(320, 240, b"", colour=7))
    yield Bad("WebP that declares 4 GiB", webp[:4] + b"\xff\xff\xff\xff" + webp[8:])
    yield Bad("WebP with a chunk of 4 GiB", webp[:16] + b"\xff\xff\xff\xff" + webp[20:])
    yield Bad("WebP without a frame", riff(canvas(320, 240)))
    yield Bad("WebP with a chunk beyond its end", riff(canvas(320, 240), riff_chunk(b"ICCP", b"", 2**31)))
    yield Bad("WebP with a hundred chunks before its frame", riff(riff_chunk(b"ICCP", b"") * 100, webp[12:]))
    yield Bad("WebP with an animation", riff(canvas(320, 240), riff_chunk(b"ANIM", bytes(6)), webp[12:]))
    yield Bad("WebP with a foreign lossless frame", riff(riff_chunk(b"VP8L", bytes(200))))
    yield Bad("WebP whose canvas is another", riff(canvas(32, 32), webp[12:]))
    yield Bad("WebP that says it is animated", riff(canvas(320, 240, flags=2), webp[12:]))
    yield Bad("WebP with a foreign frame", riff(riff_chunk(b"VP8 ", bytes(200))))


def _costly() -> Iterator[Bad]:
    """Small, and a long time or much memory to decode."""
    jpeg = encoded(drawn(), progressive=True)
    scan, end = jpeg.index(b"\xff\xda"), jpeg.rindex(b"\xff\xd9")
    yield Bad("JPEG of hundreds of scans", jpeg[:end] + jpeg[scan:end] * 30 + jpeg[end:])
    text = chunk(b"zTXt", b"note\0\0" + black(900_000))
    yield Bad("PNG with a hundred packed texts", png(320, 240, more=text * 100))
    yield Bad("PNG of nine thousand chunks", png(320, 240, more=chunk(b"tEXt", b"") * 9000))
    frame = jpeg.index(b"\xff\xc2")
    after = frame + 2 + int.from_bytes(jpeg[frame + 2 : frame + 4])
    yield Bad("JPEG of two thousand segments after its frame", jpeg[:after] + b"\xff\xfe\x00\x02" * 2000 + jpeg[after:])
    yield Bad("JPEG of two thousand segments", b"\xff\xd8" + b"\xff\xfe\x00\x02" * 2000 + jpeg[2:])


def _damaged() -> Iterator[Bad]:
    """The header is good; what follows is not."""
    plain = drawn()
    jpeg, webp = encoded(plain), encoded(plain, "WEBP", lossless=True)
    yield Bad("PNG whose pixels are noise", png(320, 240, b"no zlib at all"))
    yield Bad("PNG with too few pixels", png(320, 240, zlib.compress(bytes(1000))))
    yield Bad("PNG with a wrong checksum", png(320, 240)[:-20] + bytes(8) + png(320, 240)[-12:])
    yield Bad("JPEG cut before its pixels", jpeg[: jpeg.index(b"\xff\xda") + 14])
    yield Bad("JPEG cut in the middle of its pixels", jpeg[: (jpeg.index(b"\xff\xda") + len(jpeg)) // 2])
    yield Bad("WebP whose pixels are noise", webp[:60] + bytes(len(webp) - 60))
