"""The video that stands in for a camera: its frames are the pictures, as long and as coloured as asked for."""

from pathlib import Path

import numpy as np
from PIL import Image
from support.fake_camera import y4m

SIZE = (32, 16)
LENGTH = len(b"FRAME\n") + 32 * 16 * 3 // 2


def frames(path: Path) -> list[bytes]:
    head, _, body = path.read_bytes().partition(b"\n")
    assert head.startswith(b"YUV4MPEG2 W32 H16 F5:1 ")
    assert len(body) % LENGTH == 0
    return [body[start : start + LENGTH] for start in range(0, len(body), LENGTH)]


def middle(frame: bytes) -> list[int]:
    """The colour of a plain frame, made of its planes."""
    planes = np.frombuffer(frame.removeprefix(b"FRAME\n"), np.uint8)
    luma, blue, red = (float(plane.mean()) for plane in np.split(planes, [512, 640]))
    scaled = 1.164 * (luma - 16)
    return [
        round(scaled + 1.596 * (red - 128)),
        round(scaled - 0.392 * (blue - 128) - 0.813 * (red - 128)),
        round(scaled + 2.017 * (blue - 128)),
    ]


def test_each_picture_is_shown_for_its_time(tmp_path: Path) -> None:
    pictures = [Image.new("RGB", (50, 90), colour) for colour in ("white", "black")]
    shown = frames(y4m(pictures, tmp_path / "video.y4m", SIZE, fps=5, seconds_each=0.8))
    assert len(shown) == 8
    assert shown[:4] == [shown[0]] * 4
    assert shown[4:] == [shown[4]] * 4
    assert shown[0] != shown[4]


def test_colours_are_kept(tmp_path: Path) -> None:
    for colour in ((200, 120, 60), (20, 60, 220), (255, 255, 255)):
        (frame,) = frames(y4m([Image.new("RGB", SIZE, colour)], tmp_path / "video.y4m", SIZE, fps=5, seconds_each=0.2))
        assert np.abs(np.subtract(middle(frame), colour)).max() <= 3
