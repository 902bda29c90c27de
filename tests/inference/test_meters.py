"""What the sidecar counts, times and tells of itself, as its peers and its operator make it happen."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from support.gates import FAMILY, bundle, gate
from support.images import BLUE, RED, picture
from support.peer import Peer
from support.pixels import put_pixels
from support.play import opening, question

from game import match as rules
from game.ask import Frames, Request, Response, frame, response_decoder
from game.assignment import Alias
from game.codes import Code
from game.features import SIZE
from inference import accounts
from inference.batch import BATCH, Desk
from inference.follow import Follower
from inference.levels import tell_levels
from inference.lookout import LINE, Lookout
from inference.meters import Meters
from inference.model import Model
from inference.places import bind_unix
from inference.protocol import listen
from inference.reader import Reader
from inference.shelf import Shelf, Window
from inference.sights import GestureFollower, GestureWindow, Sights
from models.bundle import MODEL, Bundle, Manifest
from models.gesture_bundle import Family, GestureStore
from models.store import TABLE, FolderStore, Pin
from telemetry.tallies import Gauge, Histogram, Labels

P, B, S1, S2 = Alias
FEATURES = np.random.default_rng(1).random(SIZE // 4, np.float32).tobytes()
SOON = 1e12
CUT = picture(size=(400, 300), format="JPEG")[:-2000]
"""Its header is whole, its content is not."""

Put = Callable[..., Pin]


@pytest.fixture
def meters() -> Meters:
    return Meters()


@pytest.fixture
async def follower(stocked: FolderStore, window: Window, meters: Meters) -> Follower:
    """Has looked once, and is counted."""
    follower = Follower(stocked, window, meters)
    await follower.look()
    return follower


@pytest.fixture
async def gesture_follower(
    gesture_store: GestureStore, gesture_window: GestureWindow, meters: Meters
) -> GestureFollower:
    follower = GestureFollower(gesture_store, gesture_window, meters)
    await follower.look()
    return follower


@pytest.fixture
def lookout(gesture_window: GestureWindow, gesture_follower: GestureFollower, meters: Meters) -> Lookout:
    """Nobody is at work yet."""
    return Lookout(Sights(gesture_window, None), meters=meters)


def request(id: int, family: str = "brian", deadline: float = SOON, features: bytes = FEATURES) -> Request:
    return Request(id, family, deadline, features)


async def asked(path: Path, requests: list[Request]) -> list[Response]:
    """What the socket answers to these, sent at once."""
    reader, writer = await asyncio.open_unix_connection(path)
    frames, bodies = Frames(), list[bytes]()
    writer.write(b"".join(map(frame, requests)))
    while len(bodies) <= len(requests):  # the greeting comes first
        bodies += frames.feed(await reader.read(65536))
    writer.close()
    await writer.wait_closed()
    return [response_decoder.decode(body) for body in bodies[1:]]


@asynccontextmanager
async def serving(desk: Desk, window: Window) -> AsyncIterator[Path]:
    """The path of a socket that this desk answers on."""
    with TemporaryDirectory() as folder:
        listener = await listen(bind_unix(Path(folder) / "s"), desk, lambda: window.shelf.greeting())
        yield Path(folder) / "s"
        await listener.close()


@asynccontextmanager
async def at_work(lookout: Lookout) -> AsyncIterator[None]:
    task = asyncio.create_task(lookout.work())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def counts(histogram: Histogram) -> dict[Labels, int]:
    """How many values each series took."""
    return {labels: sum(spread.buckets) for labels, spread in histogram.series.items()}


def levels(meters: Meters, name: str) -> dict[Labels, float]:
    """What a gauge says now."""
    gauge = meters.tallies.instruments[name]
    assert isinstance(gauge, Gauge)
    return dict(gauge.read())


async def test_every_request_is_counted_once_by_what_its_peer_was_told(
    follower: Follower, window: Window, meters: Meters
) -> None:
    requests = [request(id, ("brian", "logan")[id % 2]) for id in range(100)]
    requests += [request(100, deadline=0), request(101, "nobody"), request(102, "anybody")]
    requests += [request(103, features=b""), request(104, features=np.full(SIZE // 4, np.nan, np.float32).tobytes())]
    async with serving(Desk(window, meters=meters), window) as path:
        responses = await asked(path, requests)
    told = Counter(accounts.RESULTS.get(one.error, "refused") for one in responses)
    assert told == {"answered": 100, "late": 1, "refused": 3, "unsound": 1}
    assert meters.requests.series == {
        ("brian", "answered"): 50,
        ("logan", "answered"): 50,
        ("brian", "late"): 1,
        ("unknown", "refused"): 2,
        ("brian", "refused"): 1,
        ("brian", "unsound"): 1,
    }


async def test_what_was_run_is_timed_and_its_batches_are_measured(
    follower: Follower, window: Window, meters: Meters
) -> None:
    requests = [request(id, ("brian", "logan")[id % 2]) for id in range(4 * BATCH)]
    async with serving(Desk(window, meters=meters), window) as path:
        await asked(path, [*requests, request(1000, deadline=0)])
    for family in ("brian", "logan"):
        assert counts(meters.duration)[family, "waited"] == 2 * BATCH  # not the late one
        assert counts(meters.duration)[family, "ran"] == counts(meters.batch_size)[family,] >= 4
        assert meters.batch_size.series[family,].sum == 2 * BATCH
        assert meters.batch_size.series[family,].high <= BATCH


async def test_what_comes_when_too_many_wait_is_overloaded(follower: Follower, window: Window, meters: Meters) -> None:
    async with serving(Desk(window, limit=0, meters=meters), window) as path:
        await asked(path, [request(1), request(2, "nobody")])
    assert meters.requests.series == {("brian", "overloaded"): 1, ("unknown", "overloaded"): 1}
    assert not meters.duration.series


class Slow:
    """A model that takes half a second, by a clock that only moves then."""

    def __init__(self, model: Model) -> None:
        self.now = 100.0
        self.model = model
        self._run = model.run
        model.run = self.run  # type: ignore[method-assign]

    def clock(self) -> float:
        return self.now

    def run(self, features: Any) -> Any:
        self.now += 0.5
        return self._run(features)


async def test_a_request_waits_until_its_run_begins_and_the_run_takes_its_own_time(
    onnx: Callable[..., bytes], bundle: Callable[..., Bundle], meters: Meters
) -> None:
    brian, logan = (Model(bundle(onnx(seed), name)) for seed, name in enumerate(("brian", "logan")))
    slow, window, peer = Slow(brian), Window(), Peer()
    window.shelf = Shelf(1, {"brian": {P: brian}, "logan": {P: logan}})
    desk = Desk(window, clock=slow.clock, meters=meters)
    for id, family in enumerate(("brian", "brian", "logan")):
        desk.ask(request(id, family), peer)
    slow.now += 2.0
    desk.drain()
    sums = {labels: (sum(spread.buckets), spread.sum) for labels, spread in meters.duration.series.items()}
    assert sums == {
        ("brian", "waited"): (2, 4.0),
        ("brian", "ran"): (1, 0.5),
        ("logan", "waited"): (1, 2.5),  # its run came after the other family's
        ("logan", "ran"): (1, 0.0),
    }


async def test_who_has_gone_is_counted_nowhere(follower: Follower, window: Window, meters: Meters) -> None:
    desk = Desk(window, meters=meters)
    desk.ask(request(1), Peer(there=False))
    desk.drain()
    assert not meters.requests.series


class Following:
    """A desk that follows one player at most, by a clock that moves on by one at every look."""

    def __init__(self, meters: Meters) -> None:
        self._now = 0.0
        window = Window()
        window.shelf = Shelf(1, {FAMILY: {P: Reader(bundle(gate(0)))}})
        self.desk, self.peer = Desk(window, clock=self.clock, room=1, meters=meters), Peer()
        self._features = question(list(rules.start(opening())[1])).features

    def clock(self) -> float:
        self._now += 1.0
        return self._now

    def ask(self, past: list[int], deadline: float = SOON) -> None:
        self.desk.ask(Request(1, FAMILY, deadline, self._features, bytes(past)), self.peer)

    async def answers(self, count: int) -> None:
        while len(self.peer.heard) < count:
            await asyncio.sleep(0)


async def test_a_question_about_a_player_waits_while_the_past_is_read(meters: Meters) -> None:
    following = Following(meters)
    following.ask([255, 0, 1, 2, 3, 4])
    await following.answers(1)
    assert meters.requests.series == {(FAMILY, "answered"): 1}
    assert meters.duration.series[FAMILY, "ran"].sum == 1.0
    assert meters.duration.series[FAMILY, "waited"].sum > 5.0  # the clock is looked at after each of five rounds
    assert meters.batch_size.series[FAMILY,].sum == 1.0


async def test_questions_about_players_are_counted_by_result_too(meters: Meters) -> None:
    following = Following(meters)
    following.ask([255, *range(50)], deadline=20)
    await following.answers(1)
    following.ask([255, 1])  # somebody else, and there is room for one
    following.ask([200])
    following.ask([255, *range(51)])
    await following.answers(4)
    assert meters.requests.series == {
        (FAMILY, "late"): 1,
        (FAMILY, "overloaded"): 1,
        (FAMILY, "refused"): 1,
        (FAMILY, "answered"): 1,
    }


async def test_what_waits_is_told_line_by_line(
    window: Window,
    follower: Follower,
    lookout: Lookout,
    gesture_follower: GestureFollower,
    meters: Meters,
) -> None:
    desk = Desk(window, meters=meters)
    tell_levels(meters.tallies, desk, lookout, follower, gesture_follower)
    depths = "rps.inference.queue.depth"
    assert levels(meters, depths) == {("rounds",): 0, ("pasts",): 0, ("images",): 0}
    for id in range(3):
        desk.ask(request(id), Peer())
    looking = asyncio.create_task(lookout.look(picture(), P, 5))
    await asyncio.sleep(0)  # a turn of the loop, in which the desk works its queue off
    for id in range(2):
        desk.ask(request(id), Peer())
    assert levels(meters, depths) == {("rounds",): 2, ("pasts",): 0, ("images",): 1}
    async with at_work(lookout):
        await looking
    desk.drain()
    assert levels(meters, depths) == {("rounds",): 0, ("pasts",): 0, ("images",): 0}


@pytest.fixture
def told(
    window: Window, follower: Follower, lookout: Lookout, gesture_follower: GestureFollower, meters: Meters
) -> Meters:
    """The meters with all levels."""
    tell_levels(meters.tallies, Desk(window, meters=meters), lookout, follower, gesture_follower)
    return meters


async def test_what_serves_is_told_as_it_changes_and_what_is_refused_until_it_is_good(
    told: Meters, follower: Follower, stocked: FolderStore, put: Put, tmp_path: Path
) -> None:
    served = {
        (family, alias.value, pin.version)
        for family, pins in stocked.table().aliases.items()
        for alias, pin in pins.items()
    }
    info = levels(told, "rps.model.info")
    assert served < info.keys() and set(info.values()) == {1}
    assert {labels[:2] for labels in info.keys() - served} == {(Family.PIXELS, "Production")}
    assert levels(told, "rps.model.refused") == {}

    before, good, bad = stocked.table().aliases["brian"], put(98), put(99)
    file = tmp_path / "store/bundles" / bad.version / MODEL
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    stocked.swap(1, {**stocked.table().aliases, "brian": {**before, P: good, B: bad}})
    await follower.look()
    info = levels(told, "rps.model.info")
    assert ("brian", "Production", good.version) in info
    assert ("brian", "Production", before[P].version) not in info
    assert ("brian", "B", before[B].version) in info  # it goes on
    assert levels(told, "rps.model.refused") == {("brian", "B"): 1}
    file.write_bytes(whole)
    await follower.look()
    assert ("brian", "B", bad.version) in levels(told, "rps.model.info")
    assert levels(told, "rps.model.refused") == {}


async def test_age_is_counted_from_the_manifest_of_what_serves(
    told: Meters,
    follower: Follower,
    stocked: FolderStore,
    onnx: Callable[..., bytes],
    manifest: Callable[..., Manifest],
) -> None:
    kept = {}
    for alias, seed, created in ((P, 97, "2025-01-02T00:00:00Z"), (B, 98, "2025-01-02T00:00:00"), (S1, 99, "lately")):
        kept[alias] = stocked.put(replace(manifest(onnx(seed)), created=created), onnx(seed))
    stocked.swap(1, {**stocked.table().aliases, "brian": kept})
    await follower.look()
    ages = levels(told, "rps.model.age")
    assert ages["logan", "Production"] - ages["brian", "Production"] == pytest.approx(86400, abs=60)
    assert ages["brian", "B"] == pytest.approx(ages["brian", "Production"], abs=60)
    assert ("brian", "shadow1") not in ages
    assert (Family.PIXELS, "Production") in ages


async def test_totals_of_runs_never_shrink_however_versions_come_and_go(
    told: Meters, follower: Follower, window: Window, stocked: FolderStore, put: Put
) -> None:
    desk, peer = Desk(window, meters=told), Peer()
    first, second, aliases = stocked.table().aliases["brian"], put(99), stocked.table().aliases
    latest: dict[Labels, float] = {}
    for generation, pin in enumerate((second, first[P], second, first[P]), start=1):
        for id in range(5):
            desk.ask(request(id), peer)
            desk.drain()
        for name in ("rps.model.runs", "rps.model.run.time"):
            now = levels(told, name)
            assert all(now[labels] >= value for labels, value in latest.items() if len(labels) == len(next(iter(now))))
            latest |= now
        stocked.swap(generation, {**aliases, "brian": {P: pin}})
        await follower.look()
    runs = levels(told, "rps.model.runs")
    assert (runs["brian", first[P].version, "ok"], runs["brian", second.version, "ok"]) == (10, 10)
    assert runs["brian", first[B].version, "ok"] == 5
    assert levels(told, "rps.model.run.time")["brian", first[P].version] > 0


async def test_looks_at_a_store_are_counted_by_whether_it_could_be_read(
    follower: Follower,
    gesture_follower: GestureFollower,
    meters: Meters,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "store" / TABLE).write_bytes(b"{")
    await follower.look()
    assert meters.store_looks.series == {("models", "ok"): 1, ("gestures", "ok"): 1, ("models", "failed"): 1}
    assert counts(meters.store_look_duration) == {("models",): 2, ("gestures",): 1}

    faults: Iterator[type[BaseException]] = iter((MemoryError, KeyboardInterrupt))

    async def look() -> None:
        raise next(faults)

    monkeypatch.setattr(gesture_follower, "look", look)
    monkeypatch.setattr("inference.follow.EVERY", 0)
    with pytest.raises(KeyboardInterrupt):
        await gesture_follower.follow()
    assert meters.store_looks.series["gestures", "failed"] == 1


async def test_images_are_counted_by_what_was_seen_or_why_not(
    lookout: Lookout, gesture_store: GestureStore, meters: Meters
) -> None:
    async with at_work(lookout):
        for image in (picture(RED), picture(RED), picture(BLUE), b"no image", CUT):
            await lookout.look(image, P, 5)
        await lookout.look(picture(), B, 5)
    waiting = [asyncio.create_task(lookout.look(picture(), P, 5)) for _ in range(LINE + 1)]
    await asyncio.sleep(0)
    lookout.drain()
    await asyncio.gather(*waiting)
    assert meters.looks.series == {
        ("rock",): 2,
        ("scissors",): 1,
        (Code.BAD_IMAGE.value,): 2,
        (Code.GESTURES_OFF.value,): 1,
        (Code.SLOW_DOWN.value,): LINE + 1,
    }
    assert counts(meters.look_duration) == {("waited",): 4, ("looked",): 4}  # the cut one was tried, no other


async def test_a_promoted_gesture_model_is_told(
    told: Meters, gesture_follower: GestureFollower, gesture_store: GestureStore
) -> None:
    pin = put_pixels(gesture_store, 2)
    gesture_store.swap(1, {Family.PIXELS: {P: pin}})
    await gesture_follower.look()
    assert (Family.PIXELS, "Production", pin.version) in levels(told, "rps.model.info")
