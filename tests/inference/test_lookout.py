"""The line of images, looked at by real pipelines over small real models."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import pytest
from support.images import BLUE, GREEN, RED, picture
from support.pixels import put_pixels

from game.assignment import Alias
from game.codes import Code
from game.gestures import Label
from game.look import MAX_UPLOAD, LookRequest, LookResponse
from inference import looking
from inference import lookout as lookouts
from inference.lookout import LINE, LINE_BYTES, Lookout
from inference.sights import GestureFollower, GestureWindow, Sights
from models.gesture_bundle import Family, GestureStore
from models.hands.sight import Sight, Sighting

P, B, *_ = Alias
NOW = 100.0
SOON = NOW + 10
CUT = picture(size=(400, 300), format="JPEG")[:-2000]
"""Its header is whole, its content is not."""


class Peer:
    """Keeps what it is told, by id."""

    def __init__(self) -> None:
        self.told: dict[int, LookResponse] = {}
        self.here = True
        self._some = asyncio.Event()

    def waiting(self) -> bool:
        return self.here

    def tell(self, responses: Sequence[LookResponse]) -> None:
        for response in responses:
            assert response.id not in self.told
            self.told[response.id] = response
        self._some.set()

    async def answers(self, count: int) -> dict[int, LookResponse]:
        while len(self.told) < count:
            self._some.clear()
            await self._some.wait()
        return self.told

    @property
    def codes(self) -> dict[int, Code | None]:
        return {id: response.code for id, response in self.told.items()}


@pytest.fixture
async def lookout(gesture_window: GestureWindow, gesture_follower: GestureFollower) -> Lookout:
    """A clock that stands at `NOW`, and nobody at work yet."""
    return Lookout(Sights(gesture_window, None), clock=lambda: NOW)


@asynccontextmanager
async def at_work(lookout: Lookout) -> AsyncIterator[None]:
    task = asyncio.create_task(lookout.work())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def request(id: int, image: bytes = b"", stream: str = "", *, deadline: float = SOON, alias: Alias = P) -> LookRequest:
    return LookRequest(id, deadline, image or picture(), stream, alias)


async def test_every_image_is_answered_with_what_it_shows(lookout: Lookout) -> None:
    peer = Peer()
    images = [picture(colour, format=format) for colour in (RED, GREEN, BLUE) for format in ("PNG", "JPEG", "WebP")]
    for id, image in enumerate(images):
        lookout.ask(request(id, image), peer)
    async with at_work(lookout):
        answers = await peer.answers(len(images))
    looks = [answers[id].look for id in range(len(images))]
    assert [look.label for look in looks if look] == [Label.ROCK] * 3 + [Label.PAPER] * 3 + [Label.SCISSORS] * 3
    assert all(look and look.clear and sum(look.probabilities.values()) == pytest.approx(1) for look in looks)


async def test_an_alias_is_seen_by_its_own_version(
    lookout: Lookout, gesture_window: GestureWindow, gesture_follower: GestureFollower, gesture_store: GestureStore
) -> None:
    other = put_pixels(gesture_store, 2)
    before = gesture_store.table().aliases[Family.PIXELS][P]
    gesture_store.swap(1, {Family.PIXELS: {P: other, B: before}})
    await gesture_follower.look()
    async with at_work(lookout):
        looks = [await lookout.look(picture(), alias, 5) for alias in (P, B)]
    assert [one.look.version for one in looks if one.look] == [other.version, before.version]


async def test_without_a_model_gestures_are_off(
    lookout: Lookout, gesture_follower: GestureFollower, gesture_store: GestureStore
) -> None:
    peer = Peer()
    lookout.ask(request(1, alias=B), peer)
    gesture_store.swap(1, {})
    await gesture_follower.look()
    lookout.ask(request(2), peer)
    assert peer.codes == {1: Code.GESTURES_OFF, 2: Code.GESTURES_OFF}


async def test_a_swap_drops_nothing_that_waits(
    lookout: Lookout, gesture_follower: GestureFollower, gesture_store: GestureStore
) -> None:
    peer, before = Peer(), gesture_store.table().aliases[Family.PIXELS][P]
    lookout.ask(request(1), peer)
    gesture_store.swap(1, {Family.PIXELS: {P: put_pixels(gesture_store, 2)}})
    await gesture_follower.look()
    lookout.ask(request(2), peer)
    async with at_work(lookout):
        answers = await peer.answers(2)
    versions = [answers[id].look.version for id in (1, 2)]  # type: ignore[union-attr]
    assert versions[0] == before.version != versions[1]


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (b"GIF89a" + bytes(100), Code.BAD_IMAGE),
        (picture(size=(8, 8)), Code.BAD_IMAGE),
        (picture(size=(2100, 2100)), Code.TOO_LARGE),
        (picture() + bytes(MAX_UPLOAD), Code.TOO_LARGE),
    ],
    ids=["no image", "tiny", "too many pixels", "too many bytes"],
)
async def test_what_may_not_be_looked_at_is_refused_at_once(image: bytes, code: Code, lookout: Lookout) -> None:
    peer = Peer()
    lookout.ask(request(1, image), peer)
    assert peer.codes == {1: code}
    assert peer.told[1].message


async def test_a_damaged_image_harms_no_other(lookout: Lookout) -> None:
    peer = Peer()
    for id in range(10):
        lookout.ask(request(id, CUT if id % 2 else b""), peer)
    async with at_work(lookout):
        await peer.answers(10)
    assert [peer.codes[id] for id in range(10)] == [None, Code.BAD_IMAGE] * 5


async def test_a_fault_that_nobody_foresaw_does_not_end_the_looking(
    lookout: Lookout, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(image: bytes) -> None:
        raise MemoryError

    async with at_work(lookout):
        with monkeypatch.context() as patched:
            patched.setattr(looking, "decoded", full)
            assert (await lookout.look(picture(), P, 5)).code is Code.BAD_IMAGE
        assert (await lookout.look(picture(), P, 5)).look
    assert "could not be looked at" in caplog.text


async def test_the_newest_frame_of_a_stream_takes_the_place_of_the_one_that_waits(lookout: Lookout) -> None:
    peer, other = Peer(), Peer()
    lookout.ask(request(1, picture(RED), "a"), peer)
    lookout.ask(request(2, stream="b"), peer)
    lookout.ask(request(1, stream="a"), other)
    lookout.ask(request(3), peer)
    lookout.ask(request(4), peer)
    lookout.ask(request(5, picture(BLUE), "a"), peer)
    assert peer.codes == {1: Code.SLOW_DOWN}
    async with at_work(lookout):
        await peer.answers(5)
        await other.answers(1)
    assert list(peer.told) == [1, 5, 2, 3, 4]
    assert peer.told[5].look and peer.told[5].look.label is Label.SCISSORS
    assert other.told[1].look


async def test_a_frame_that_has_more_time_keeps_its_place(lookout: Lookout) -> None:
    peer = Peer()
    lookout.ask(request(1, stream="a", deadline=NOW + 1.5), peer)
    lookout.ask(request(2, stream="a", deadline=NOW + 0.6), peer)
    assert peer.codes == {2: Code.SLOW_DOWN}
    async with at_work(lookout):
        await peer.answers(2)
    assert peer.codes[1] is None


async def test_a_frame_that_is_no_image_leaves_the_one_before_in_its_place(lookout: Lookout) -> None:
    peer = Peer()
    lookout.ask(request(1, stream="a"), peer)
    lookout.ask(request(2, b"no image", "a"), peer)
    async with at_work(lookout):
        await peer.answers(2)
    assert peer.codes == {2: Code.BAD_IMAGE, 1: None}


async def test_the_line_holds_so_many_and_no_more(lookout: Lookout) -> None:
    peer = Peer()
    for id in range(LINE + 3):
        lookout.ask(request(id, stream=str(id)), peer)
    assert peer.codes == dict.fromkeys(range(LINE, LINE + 3), Code.SLOW_DOWN)
    lookout.ask(request(100, stream="0"), peer)
    assert peer.codes[0] is Code.SLOW_DOWN
    async with at_work(lookout):
        await peer.answers(LINE + 4)
    assert peer.codes[100] is None


async def test_the_line_holds_so_many_bytes_and_no_more(lookout: Lookout) -> None:
    peer, large = Peer(), picture() + bytes(MAX_UPLOAD - 4096)
    fit = LINE_BYTES // len(large)
    for id in range(fit + 1):
        lookout.ask(request(id, large), peer)
    assert peer.codes == {fit: Code.SLOW_DOWN}
    async with at_work(lookout):
        await peer.answers(fit + 1)
        lookout.ask(request(100, large), peer)
        await peer.answers(fit + 2)
    assert [code for id, code in peer.codes.items() if id != fit] == [None] * (fit + 1)


async def test_what_cannot_be_answered_in_time_is_not_looked_at(
    lookout: Lookout, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer, looked, real = Peer(), [], looking.decoded

    def counted(image: bytes) -> object:
        looked.append(image)
        return real(image)

    monkeypatch.setattr(looking, "decoded", counted)
    lookout.ask(request(1, deadline=NOW), peer)
    lookout.ask(request(2, deadline=NOW - 1), peer)
    lookout.ask(request(3), peer)
    async with at_work(lookout):
        await peer.answers(3)
    assert peer.codes == {1: Code.SLOW_DOWN, 2: Code.SLOW_DOWN, 3: None}
    assert len(looked) == 1


async def test_slow_looks_are_taken_into_account_but_never_keep_all_from_being_answered(
    gesture_window: GestureWindow, gesture_follower: GestureFollower, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, real = [NOW], looking.decoded

    def slow(image: bytes) -> object:
        now[0] += 5
        return real(image)

    monkeypatch.setattr(looking, "decoded", slow)
    lookout, peer = Lookout(Sights(gesture_window, None), clock=lambda: now[0]), Peer()
    async with at_work(lookout):
        assert (await lookout.look(picture(), P, 5)).look
        lookout.ask(request(1, deadline=now[0] + lookouts.SLOWEST_S / 2), peer)
        lookout.ask(request(2, deadline=now[0] + 2 * lookouts.SLOWEST_S), peer)
        await peer.answers(2)
    assert peer.codes == {1: Code.SLOW_DOWN, 2: None}


async def test_who_is_gone_is_not_looked_for(lookout: Lookout, monkeypatch: pytest.MonkeyPatch) -> None:
    gone, peer, looked, real = Peer(), Peer(), [], looking.decoded

    def counted(image: bytes) -> object:
        looked.append(image)
        return real(image)

    monkeypatch.setattr(looking, "decoded", counted)
    lookout.ask(request(1), gone)
    lookout.ask(request(1), peer)
    gone.here = False
    async with at_work(lookout):
        await peer.answers(1)
    assert not gone.told
    assert len(looked) == 1


async def test_draining_answers_all_that_waits(lookout: Lookout) -> None:
    peer, gone = Peer(), Peer()
    gone.here = False
    for id in range(3):
        lookout.ask(request(id), peer)
        lookout.ask(request(id), gone)
    lookout.drain()
    assert peer.codes == dict.fromkeys(range(3), Code.SLOW_DOWN)
    assert not gone.told


async def test_a_track_is_handed_to_the_next_frame_of_its_stream_alone(
    lookout: Lookout, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[object] = []
    real = Sight.look

    def look(self: Sight, image: object, track: object = None) -> object:
        given.append(track)
        return Sighting(real(self, image).look, f"track {len(given)}")  # type: ignore[arg-type]

    monkeypatch.setattr(Sight, "look", look)
    peer, other = Peer(), Peer()
    async with at_work(lookout):
        for id, stream in enumerate(["a", "a", "b", "", "", "a"]):
            lookout.ask(request(id, stream=stream), peer)
            await peer.answers(id + 1)
        lookout.ask(request(0, stream="a"), other)
        await other.answers(1)
    assert given == [None, "track 1", None, None, None, "track 2", None]
