"""Seeing hands: the networks' pre- and post-processing, the points' frame, and what the whole makes of images."""

from hashlib import sha256
from io import BytesIO
from pathlib import Path
from struct import pack
from zipfile import ZipFile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, ImageOps
from PIL import Image as Pictures
from support.gestures import gesture_manifest
from support.pixels import pixels_model, points_model

from game.errors import BadImage
from game.gestures import Cause, Label
from models.gesture_bundle import Family
from models.hands import fetch
from models.hands.classifier import Classifier, Said
from models.hands.hands import Hands
from models.hands.marks import Marks, around, hand_region
from models.hands.pictures import decoded
from models.hands.points import normalised
from models.hands.quality import cut_off, quality
from models.hands.regions import Region
from models.hands.sight import Sight
from models.places import gestures_at
from trainer.gestures.served import pair
from trainer.gestures.skeleton import pose

REFERENCE = Path(fetch.__file__).parent / "reference"
needs_networks = pytest.mark.skipif(
    not fetch.complete(), reason="needs the hand networks: python -m models.hands.fetch"
)


@pytest.fixture(scope="module")
def hands() -> Hands:
    found = Hands.load()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def sight(hands: Hands, tmp_path_factory: pytest.TempPathFactory) -> Sight:
    """The shipped models, with the networks."""
    return pair(gestures_at(tmp_path_factory.mktemp("store"), "")).sight(hands)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Sight:
    """The shipped image classifier, where the networks were not fetched."""
    return pair(gestures_at(tmp_path_factory.mktemp("store"), "")).sight(None)


def photos(source: str, label: str) -> list[np.ndarray]:
    return [decoded(path.read_bytes()) for path in sorted((REFERENCE / source / label).glob("*.jpg"))]


angles = st.floats(-3.1, 3.1)
shares = st.floats(-0.5, 1.5, allow_subnormal=False)


@given(st.floats(0, 400), st.floats(0, 400), st.floats(10, 500), angles, shares, shares)
def test_a_crop_shows_what_is_under_its_region(
    x: float, y: float, size: float, angle: float, u: float, v: float
) -> None:
    region = Region(x, y, size, angle)
    (place,) = region.out_of(np.array([[u, v]], np.float32))
    turned = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) @ (place - [x, y])
    assert np.allclose(turned / size + 0.5, [u, v], atol=1e-3)


def test_the_pixels_of_a_crop_are_those_of_its_region() -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    image[100:, :, 0] = 255
    upright = Region(100, 100, 80).crop(Pictures.fromarray(image), 40)
    assert upright[:19, :, 0].max() == 0 and upright[21:, :, 0].min() == 255
    turned = Region(100, 100, 80, np.pi / 2).crop(Pictures.fromarray(image), 40)
    assert turned[:, :19, 0].max() != turned[:, 21:, 0].max()
    assert Region(0, 0, 50).crop(Pictures.fromarray(image + 9), 50)[0, 0].max() == 0, "black beyond the edge"


@given(st.floats(0.2, 5), st.tuples(angles, angles, angles), st.booleans(), st.integers(0, 99))
def test_points_read_alike_near_and_far_and_turned(
    scale: float, turns: tuple[float, float, float], left: bool, seed: int
) -> None:
    hand = pose("scissors", np.random.default_rng(seed))
    turn = np.eye(3)
    for axis, angle in enumerate(turns):
        first, second = [other for other in range(3) if other != axis]
        about = np.eye(3)
        about[first, first] = about[second, second] = np.cos(angle)
        about[first, second], about[second, first] = -np.sin(angle), np.sin(angle)
        turn = turn @ about
    other = (hand * ([-1, 1, 1] if left else [1, 1, 1])) @ turn * scale + 7
    expected = normalised(hand).reshape(21, 3) * ([1, 1, -1] if left else [1, 1, 1])
    assert np.allclose(normalised(other).reshape(21, 3), expected, atol=1e-3)


def test_the_region_of_a_hand_holds_it() -> None:
    hand = pose("paper", np.random.default_rng(1))[:, :2] * [1, -1] + 200
    region = hand_region(hand.astype(np.float32))
    assert abs(region.angle) < 0.3, "fingers are up"
    square = around(hand.astype(np.float32), 0.0)
    assert square.size == pytest.approx(np.ptp(hand, axis=0).max(), rel=1e-4)


def test_either_opinion_can_veto_a_label() -> None:
    one = Said({Label.ROCK: 0.9, Label.PAPER: 0.1, Label.SCISSORS: 0, Label.OTHER: 0, Label.NONE: 0})
    other = Said({Label.ROCK: 0.0, Label.PAPER: 0.6, Label.SCISSORS: 0.4, Label.OTHER: 0, Label.NONE: 0})
    both = one.mixed(other, 0.5)
    assert both.best is Label.PAPER and sum(both.values()) == pytest.approx(1)
    assert one.mixed(other, 0.0).best is Label.ROCK


def test_what_is_wrong_with_an_image_is_told() -> None:
    rng = np.random.default_rng(0)
    room = rng.integers(60, 200, (120, 160, 3)).astype(np.uint8)
    assert quality(room).cause() is None
    assert quality(room // 8).cause() is Cause.TOO_DARK
    assert quality(np.full((120, 160, 3), 250, np.uint8)).cause() is Cause.TOO_BRIGHT
    assert quality(np.full((120, 160, 3), 120, np.uint8)).cause() is Cause.BLURRED
    inside = np.full((21, 2), 50, np.float32)
    assert not cut_off(inside, 100, 100)
    inside[:4, 1] = -3
    assert cut_off(inside, 100, 100)


class Doubtful(Hands):
    """Finds something everywhere that may be a hand."""

    def __init__(self) -> None:
        points = pose("rock", np.random.default_rng(0))
        flat = (points[:, :2] * 300 + 80).astype(np.float32)
        self._marks = Marks(flat, points.astype(np.float32), 0.5, 1.0, hand_region(flat))

    def found(self, picture: Pictures.Image, margin: float = 0.0) -> list[Marks]:
        return [self._marks]

    def read(self, picture: Pictures.Image, region: Region) -> Marks:
        return self._marks


def doubted(label: Label) -> Sight:
    """Sees the label in whatever may be a hand."""
    points, whole = points_model(label), pixels_model()
    reader = Classifier(gesture_manifest(points, Family.POINTS), points)
    return Sight(Doubtful(), reader, Classifier(gesture_manifest(whole), whole))


def test_where_no_hand_is_told_no_points_are_and_none_is_followed() -> None:
    found = {label: doubted(label).look(np.zeros((160, 160, 3), np.uint8)) for label in (Label.NONE, Label.ROCK)}
    assert found[Label.NONE].look.reason is Cause.NO_HAND
    assert (found[Label.NONE].look.landmarks, found[Label.NONE].track) == ([], None)
    assert found[Label.ROCK].look.label is Label.ROCK and found[Label.ROCK].track
    assert len(found[Label.ROCK].look.landmarks) == 21


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "CMYK", "I;16", "1"])
def test_every_mode_of_an_image_is_read_as_colours(mode: str) -> None:
    kept = BytesIO()
    grey = Pictures.linear_gradient("L").resize((64, 48))
    if mode == "I;16":
        Pictures.fromarray(np.asarray(grey, np.uint16) * 257).save(kept, "PNG")
    else:
        grey.convert("RGB").convert(mode).save(kept, "JPEG" if mode == "CMYK" else "PNG")
    image = decoded(kept.getvalue())
    assert image.shape == (48, 64, 3) and image.dtype == np.uint8
    assert image[-2].mean() > image[1].mean() + 100, "light stays light"


def test_an_image_is_turned_as_its_exif_says() -> None:
    picture = Pictures.new("RGB", (64, 32), "black")
    picture.paste("white", (0, 0, 32, 32))
    exif = Pictures.Exif()
    exif[0x0112] = 6
    kept = BytesIO()
    picture.save(kept, "JPEG", exif=exif)
    image = decoded(kept.getvalue())
    assert image.shape == (64, 32, 3) and image[:24].mean() > 200 and image[40:].mean() < 50


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_every_orientation_is_undone(orientation: int, format: str) -> None:
    picture = Pictures.new("RGB", (64, 32), "black")
    picture.paste("white", (0, 0, 16, 8))
    exif = Pictures.Exif()
    exif[0x0112] = orientation
    kept = BytesIO()
    picture.save(kept, format, exif=exif)
    expected = np.asarray(ImageOps.exif_transpose(Pictures.open(kept)).convert("RGB"), int)
    assert np.abs(decoded(kept.getvalue()) - expected).mean() < 4


def test_a_photo_with_odd_exif_is_read_and_turned_all_the_same() -> None:
    text, short = 2, 3
    tags = [(ExifTags.Base.ImageWidth, text, 1, b"6\0\0\0"), (ExifTags.Base.Orientation, short, 1, b"\6\0\0\0")]
    entries = b"".join(pack("<HHI4s", *tag) for tag in tags)
    odd = b"Exif\0\0II*\0" + pack("<IH", 8, len(tags)) + entries + bytes(4)
    kept = BytesIO()
    Pictures.new("RGB", (64, 32)).save(kept, "JPEG", exif=odd)
    assert decoded(kept.getvalue()).shape == (64, 32, 3)


def test_a_jpeg_with_a_second_header_of_another_size_is_refused_before_it_is_decoded() -> None:
    kept = BytesIO()
    Pictures.new("RGB", (320, 20)).save(kept, "JPEG")
    jpeg = kept.getvalue()
    at = jpeg.index(b"\xff\xc0")
    frame = jpeg[at : at + 2 + int.from_bytes(jpeg[at + 2 : at + 4])]
    second = frame[:5] + (320).to_bytes(2) + frame[7:]
    with pytest.raises(BadImage, match="not of the size that its header says"):
        decoded(jpeg[:at] + frame + second + jpeg[at + len(frame) :])


def test_a_wheel_with_another_network_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    wheel = tmp_path / "mediapipe.whl"
    with ZipFile(wheel, "w") as zip:
        for inside, _ in fetch.FILES.values():
            zip.writestr(inside, b"not the network")
    with pytest.raises(fetch.FetchError, match="not the file whose digest is known"):
        fetch.unpack(wheel, tmp_path / "fetched")
    assert not (tmp_path / "fetched").exists()
    wheel.write_bytes(b"no wheel")
    with pytest.raises(fetch.FetchError, match="does not hold"):
        fetch.unpack(wheel, tmp_path / "fetched")


def test_networks_that_were_changed_are_not_used(tmp_path: Path) -> None:
    for name in fetch.FILES:
        (tmp_path / name).write_bytes(b"changed")
    assert not fetch.complete(tmp_path)
    assert Hands.load(tmp_path) is None


@needs_networks
def test_the_licence_lies_beside_the_networks() -> None:
    text = (fetch.FETCHED / fetch.LICENCE).read_bytes()
    assert b"Apache License" in text and sha256(text).hexdigest() == fetch.FILES[fetch.LICENCE][1]


@needs_networks
@pytest.mark.parametrize("label", ["rock", "paper", "scissors"])
def test_hands_are_found_and_followed(hands: Hands, label: str) -> None:
    """Photographed hands, wherever they are; and once found, without looking for palms again."""
    followed = 0
    for image in photos("drgfreeman", label):
        picture = Pictures.fromarray(image)
        found = hands.found(picture, margin=0.25)
        if found and found[0].presence > 0.5:
            again = hands.read(picture, found[0].next_region())
            followed += bool(again.presence > 0.5 and np.abs(again.points - found[0].points).mean() < 12)
    assert followed >= 13, "of 16"


@needs_networks
@pytest.mark.parametrize("source", ["drgfreeman", "drawn"])
def test_both_stages_read_the_reference_photos(sight: Sight, source: str) -> None:
    looks = [
        (label, sight.look(image).look) for label in ("rock", "paper", "scissors") for image in photos(source, label)
    ]
    clear = [(label, look) for label, look in looks if look.clear]
    assert len(clear) >= 0.8 * len(looks)
    assert sum(look.label == label for label, look in clear) >= 0.95 * len(clear)
    for _, look in clear:
        assert look.reason is None and sum(look.probabilities.values()) == pytest.approx(1, abs=0.01)


def test_the_image_classifier_reads_them_alone(alone: Sight) -> None:
    looks = [
        (label, alone.look(image).look)
        for label in ("rock", "paper", "scissors")
        for image in photos("drgfreeman", label)
    ]
    assert sum(look.label == label for label, look in looks) >= 0.75 * len(looks)
    assert all(look.landmarks == [] for _, look in looks)


@needs_networks
def test_a_room_without_a_hand_throws_nothing(sight: Sight, alone: Sight) -> None:
    for image in photos("drawn", "none"):
        for one in (sight, alone):
            look = one.look(image).look
            assert not look.clear and look.reason is not None and look.move is None


@needs_networks
def test_a_dark_room_is_told_as_such(sight: Sight) -> None:
    (image, *_) = photos("drawn", "none")
    assert sight.look((image // 10).astype(np.uint8)).look.reason is Cause.TOO_DARK


@needs_networks
def test_a_stream_follows_the_hand(sight: Sight) -> None:
    seen = [image for image in photos("drgfreeman", "paper") if sight.look(image).track is not None]
    first = sight.look(seen[0])
    again = sight.look(seen[0], first.track)
    assert again.look.label == first.look.label
    assert np.allclose(again.look.landmarks, first.look.landmarks, atol=0.05)
