"""Requests that their sender traces: what is shown of them in the sender's trace, and that nothing is of all others."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from support.gates import FAMILY, bundle, gate
from support.images import picture
from support.peer import Peer
from support.play import opening, question

from game import match as rules
from game.ask import Frames, Request, Response, frame
from game.ask import response_decoder as responses
from game.features import SIZE
from game.look import MAX_LOOK_FRAME, LookRequest, LookResponse
from game.look import response_decoder as look_responses
from inference.batch import Desk
from inference.eyes import listen_for_images
from inference.follow import Follower
from inference.lookout import Lookout
from inference.places import bind_unix
from inference.protocol import listen
from inference.reader import Reader
from inference.shelf import Shelf, Window
from inference.sights import GestureFollower, GestureWindow, Sights
from telemetry.traces import Kind, Traces, traced

TRACE, SENDER = 0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331
SAMPLED, NOT_SAMPLED = (f"00-{TRACE:032x}-{SENDER:016x}-{flags}" for flags in ("01", "00"))
FEATURES = np.random.default_rng(1).random(SIZE // 4, np.float32).tobytes()
CUT = picture(size=(400, 300), format="JPEG")[:-2000]
"""Its header is whole, its content is not."""


class Kept:
    """Spans that have ended."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.traces: Traces = traced(SimpleSpanProcessor(self._exporter), Resource({}), 1.0)[0]

    @property
    def spans(self) -> dict[str, ReadableSpan]:
        """By name, each name once."""
        spans = self._exporter.get_finished_spans()
        assert len({span.name for span in spans}) == len(spans)
        return {span.name: span for span in spans}


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def desk(follower: Follower, window: Window, kept: Kept) -> Desk:
    return Desk(window, traces=kept.traces)


@pytest.fixture
async def socket(desk: Desk, window: Window) -> AsyncIterator[Path]:
    with TemporaryDirectory() as folder:
        listener = await listen(bind_unix(Path(folder) / "s"), desk, lambda: window.shelf.greeting())
        yield Path(folder) / "s"
        await listener.close()


@pytest.fixture
async def images(gesture_window: GestureWindow, gesture_follower: GestureFollower, kept: Kept) -> AsyncIterator[Path]:
    lookout = Lookout(Sights(gesture_window, None), traces=kept.traces)
    task = asyncio.create_task(lookout.work())
    with TemporaryDirectory() as folder:
        listener = await listen_for_images(bind_unix(Path(folder) / "s"), lookout)
        yield Path(folder) / "s"
        await listener.close()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def exchanged(path: Path, sent: bytes, answers: int, most: int) -> list[bytes]:
    """The bodies of so many frames that come on the socket."""
    reader, writer = await asyncio.open_unix_connection(path)
    frames, bodies = Frames(most), list[bytes]()
    writer.write(sent)
    while len(bodies) < answers:
        bodies += frames.feed(await reader.read(65536))
    writer.close()
    await writer.wait_closed()
    return bodies


async def asked(path: Path, *requests: Request) -> list[Response]:
    bodies = await exchanged(path, b"".join(map(frame, requests)), len(requests) + 1, 1 << 20)
    return [responses.decode(body) for body in bodies[1:]]  # the greeting comes first


async def looked(path: Path, *requests: LookRequest) -> list[LookResponse]:
    bodies = await exchanged(path, b"".join(map(frame, requests)), len(requests), MAX_LOOK_FRAME)
    return [look_responses.decode(body) for body in bodies]


def request(id: int, trace: str, seconds: float = 60, family: str = "brian") -> Request:
    return Request(id, family, time.monotonic() + seconds, FEATURES, trace=trace)


def look(id: int, trace: str, image: bytes = b"", seconds: float = 60) -> LookRequest:
    return LookRequest(id, time.monotonic() + seconds, image or picture(), trace=trace)


def stands_below_the_sender(span: ReadableSpan) -> bool:
    assert span.parent is not None and span.context is not None
    return (span.parent.trace_id, span.parent.span_id, span.context.trace_id) == (TRACE, SENDER, TRACE)


def stands_within(inner: ReadableSpan, outer: ReadableSpan) -> bool:
    """Below it, and by time too."""
    assert inner.parent is not None and outer.context is not None
    assert inner.start_time and inner.end_time and outer.start_time and outer.end_time
    below = inner.parent.span_id == outer.context.span_id
    return below and outer.start_time <= inner.start_time <= inner.end_time <= outer.end_time


async def test_a_traced_request_is_a_span_of_its_senders_trace_with_its_run_within(socket: Path, kept: Kept) -> None:
    told = await asked(socket, request(1, ""), request(2, SAMPLED), request(3, NOT_SAMPLED))
    assert [one.error for one in told] == [None] * 3
    spans = kept.spans
    assert set(spans) == {"predict", "run"}  # of three requests one is traced
    predict, run = spans["predict"], spans["run"]
    assert stands_below_the_sender(predict)
    assert predict.kind is Kind.SERVER
    assert predict.status.status_code is StatusCode.UNSET
    attributes = dict(predict.attributes or {})
    waited = attributes.pop("rps.waited")
    assert attributes == {"rps.family": "brian"}
    assert isinstance(waited, float) and waited >= 0
    assert run.parent is not None and predict.context is not None
    assert run.parent.span_id == predict.context.span_id
    assert dict(run.attributes or {}) == {"rps.batch.size": 3}


async def test_requests_that_are_not_traced_make_no_span(socket: Path, kept: Kept) -> None:
    await asked(socket, *(request(id, trace) for id, trace in enumerate(("", NOT_SAMPLED, "made up", "00-1-2-01"))))
    assert not kept.spans


@pytest.mark.parametrize(
    ("seconds", "family", "reason"), [(-1, "brian", "late"), (60, "nobody", "refused")], ids=["late", "refused"]
)
async def test_a_traced_request_without_an_answer_says_why(
    seconds: float, family: str, reason: str, socket: Path, kept: Kept
) -> None:
    await asked(socket, request(1, SAMPLED, seconds, family))
    assert set(kept.spans) == {"predict"}
    predict = kept.spans["predict"]
    assert (predict.status.status_code, predict.status.description) == (StatusCode.ERROR, reason)


async def test_a_traced_request_that_is_one_too_many_ends_at_once(follower: Follower, window: Window) -> None:
    kept = Kept()
    Desk(window, limit=0, traces=kept.traces).ask(request(1, SAMPLED), Peer())
    assert kept.spans["predict"].status.description == "overloaded"


async def test_the_span_of_who_has_gone_ends(desk: Desk, kept: Kept) -> None:
    desk.ask(request(1, SAMPLED), Peer(there=False))
    desk.drain()
    assert kept.spans["predict"].status.description == "nobody waits"


@pytest.mark.parametrize(("patience", "names"), [(60, {"predict", "run"}), (-1, {"predict"})], ids=["in time", "late"])
async def test_a_question_about_a_player_is_traced_alike(patience: float, names: set[str], kept: Kept) -> None:
    window, peer, clock = Window(), Peer(), [0.0]
    window.shelf = Shelf(1, {FAMILY: {"Production": Reader(bundle(gate(0)))}})  # type: ignore[dict-item]
    desk = Desk(window, clock=lambda: clock[0], traces=kept.traces)
    ask = question(list(rules.start(opening())[1]))
    desk.ask(Request(1, FAMILY, patience, ask.features, bytes([255, 0, 1]), SAMPLED), peer)
    desk.drain()
    assert set(kept.spans) == names
    assert stands_below_the_sender(kept.spans["predict"])
    assert (kept.spans["predict"].status.description == "late") is (patience < 0)


async def test_a_traced_image_is_a_span_of_its_senders_trace_with_its_steps_within(images: Path, kept: Kept) -> None:
    told = await looked(images, look(1, ""), look(2, SAMPLED), look(3, NOT_SAMPLED))
    assert all(one.look for one in told)
    spans = kept.spans
    assert set(spans) == {"look", "decode", "see"}
    assert stands_below_the_sender(spans["look"])
    assert spans["look"].kind is Kind.SERVER
    assert dict(spans["look"].attributes or {}) == {"rps.result": "rock"}
    assert stands_within(spans["decode"], spans["look"])
    assert stands_within(spans["see"], spans["look"])


async def test_a_traced_image_that_is_damaged_says_in_which_step(images: Path, kept: Kept) -> None:
    await looked(images, look(1, SAMPLED, CUT))
    spans = kept.spans
    assert set(spans) == {"look", "decode"}
    assert spans["decode"].status.status_code is StatusCode.ERROR
    assert (spans["look"].status.status_code, spans["look"].status.description) == (StatusCode.ERROR, "bad-image")


@pytest.mark.parametrize(
    ("image", "seconds", "reason"), [(b"no image", 60, "bad-image"), (b"", -1, "slow-down")], ids=["no image", "late"]
)
async def test_a_traced_image_that_is_not_looked_at_says_why(
    image: bytes, seconds: float, reason: str, images: Path, kept: Kept
) -> None:
    await looked(images, look(1, SAMPLED, image, seconds))
    assert set(kept.spans) == {"look"}
    assert kept.spans["look"].status.description == reason
