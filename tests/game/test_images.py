"""What an image says of itself is read without trusting a word of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.bad_pictures import Bad, bad
from support.pictures import drawn, encoded, good, png

from game.codes import Code
from game.images import BadImage, Header, measured
from game.look import MAX_PIXELS
from game.wire import MAX_IMAGE

GOOD = good()
BAD = bad()
BY_DECODING = {bad.name for bad in BAD[-6:]}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_image_tells_its_size(name: str) -> None:
    header = measured(GOOD[name])
    assert (header.width, header.height) == (320, 240)
    assert header.format in name


@pytest.mark.parametrize("bad", [bad for bad in BAD if bad.name not in BY_DECODING], ids=lambda bad: bad.name)
def test_a_bad_image_is_refused_by_its_header(bad: Bad) -> None:
    with pytest.raises(BadImage) as refused:
        measured(bad.data)
    assert refused.value.code is bad.code
    assert refused.value.text.endswith(".")


@pytest.mark.parametrize(("width", "height"), [(2000, 2000), (4000, 1000), (16, 16), (250_000, 16)])
def test_the_largest_and_the_smallest_pass(width: int, height: int) -> None:
    assert measured(png(width, height, b"")) == Header("PNG", width, height)
    assert width * height <= MAX_PIXELS


@pytest.mark.parametrize(
    ("width", "height", "code"),
    [(2000, 2001, Code.TOO_LARGE), (250_001, 16, Code.TOO_LARGE), (15, 16, Code.BAD_IMAGE), (16, 15, Code.BAD_IMAGE)],
)
def test_one_more_or_less_does_not(width: int, height: int, code: Code) -> None:
    with pytest.raises(BadImage) as refused:
        measured(png(width, height, b""))
    assert refused.value.code is code


@given(st.sampled_from(sorted(GOOD)), st.integers(0, 400), st.binary(max_size=40))
def test_whatever_is_changed_it_is_measured_or_refused(name: str, at: int, change: bytes) -> None:
    data = GOOD[name]
    for changed in (data[:at] + change + data[at + len(change) :], data[:at] + change, data[:at] + change + data[at:]):
        try:
            header = measured(changed)
        except BadImage:
            continue
        assert header.width * header.height <= MAX_PIXELS


def test_sixty_bad_images_are_a_fair_sample() -> None:
    assert len(BAD) >= 60
    assert len({bad.data for bad in BAD}) == len(BAD) == len({bad.name for bad in BAD})
    assert max(len(bad.data) for bad in BAD) < MAX_IMAGE + 64 * 1024  # so that each can be sent in one frame
    assert len(next(bad.data for bad in BAD if bad.name == "PNG bomb")) < 10_000


def test_a_turn_does_not_change_what_is_stored() -> None:
    assert measured(encoded(drawn(100, 50), exif=b"")) == Header("JPEG", 100, 50)
