"""Gesture models learn from photos of this installation, live: they serve without a pause, and are taken back.

Meanwhile a player throws photos, and somebody asks over and over what one photo shows.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image, ImageEnhance, ImageOps
from support.client import Client, connected
from support.referee import check
from support.reordered import put_reordered

from bench.system import PATIENCE_S, System
from game.assignment import Alias
from game.gestures import Label
from game.moves import MOVES
from models.gesture_bundle import Family
from models.places import gestures_at

TOKEN = "a token for this test alone"
REFERENCE = Path(__file__).parents[2] / "models" / "hands" / "reference" / "drgfreeman"
ORDER = [Label.SCISSORS, Label.OTHER, Label.PAPER, Label.ROCK]
"""Of the classes in production: neither that of the folders nor the one in which a new model is fitted."""
EACH = 5
"""Photos of each move to learn from."""
WATCHED = REFERENCE / "scissors" / "15.jpg"
"""A photo that nothing is learned from."""
RUNNING, PUBLISHED = "running", "published"
PAUSE_S = 0.2
"""Between two questions: few enough that nobody is asked to slow down."""

Message = dict[str, Any]


@pytest.fixture
def seeing(tmp_path: Path) -> Iterator[System]:
    """Server, sidecar and trainer with the models that are shipped, one of them in another order, and new photos."""
    serve_in_order(tmp_path)
    for place, move in enumerate(MOVES):
        for number in range(EACH):
            given = tmp_path / "retrain_data" / move / f"{number}.jpg"
            given.parent.mkdir(parents=True, exist_ok=True)
            given.write_bytes(otherwise(REFERENCE / move / f"{number:02}.jpg", EACH * place + number))
    with System(tmp_path, RPS_ADMIN_TOKEN=TOKEN, RPS_POLL_S="0.2") as system:
        for name in ("inference", "server", "trainer"):
            system.start(name)
        system.until_ready()
        yield system


def serve_in_order(folder: Path) -> None:
    """Let the shipped models serve, that of points with its classes in `ORDER`."""
    store = gestures_at(folder / "store", str(folder))
    table = store.table()
    points = store.bundle(table.aliases[Family.POINTS][Alias.PRODUCTION])
    pin = put_reordered(store, points, ORDER)
    store.swap(table.generation, {**table.aliases, Family.POINTS: {Alias.PRODUCTION: pin}})


def otherwise(file: Path, number: int) -> bytes:
    """The photo as somebody else might have taken it: mirrored, turned a little, in another light."""
    with Image.open(file) as photo:
        mirrored = ImageOps.mirror(photo.convert("RGB"))
    turned = mirrored.rotate(3 * number - 20, Image.Resampling.BILINEAR, fillcolor=mirrored.getpixel((0, 0)))
    out = BytesIO()
    ImageEnhance.Color(ImageEnhance.Brightness(turned).enhance(0.8 + number / 30)).enhance(0.5).save(out, "JPEG")
    return out.getvalue()


class Operator:
    """Who has the token; `told` is every state of the job that was seen."""

    def __init__(self, web: httpx.AsyncClient) -> None:
        self._web = web
        self.told: list[Message] = []

    async def overview(self) -> Message:
        answer = await self._web.get("/admin/gestures")
        found: Message = answer.raise_for_status().json()
        if found["job"] not in self.told[-1:]:
            self.told.append(found["job"])
        return found

    async def order(self, path: str, **body: str) -> Message:
        answer = await self._web.post(f"/admin/{path}", json=body)
        done: Message = answer.raise_for_status().json()
        return done

    async def compare(self, photo: Path) -> Message:
        """What serves and what served before see in a photo."""
        answer = await self._web.post("/admin/gestures/predict", content=photo.read_bytes())
        seen: Message = answer.raise_for_status().json()
        return seen

    async def ready(self) -> None:
        """Until the trainer takes orders."""
        while True:
            try:
                await self.overview()
                return
            except httpx.TransportError:
                await asyncio.sleep(PAUSE_S)

    async def until(self, wanted: Callable[[Message], bool]) -> Message:
        while not wanted(found := await self.overview()):
            await asyncio.sleep(PAUSE_S)
        return found


class Witness:
    """Asks over and over what one photo shows, and keeps every answer."""

    def __init__(self, web: httpx.AsyncClient) -> None:
        self._web = web
        self.answers: list[httpx.Response] = []
        self._news = asyncio.Condition()

    async def ready(self) -> None:
        """Until images are looked at at all."""
        while (await self._ask()).is_server_error:
            await asyncio.sleep(PAUSE_S)

    async def _ask(self) -> httpx.Response:
        return await self._web.post("/api/gesture/predict", content=WATCHED.read_bytes())

    async def watch(self) -> None:
        while True:
            answer = await self._ask()
            async with self._news:
                self.answers.append(answer)
                self._news.notify_all()
            await asyncio.sleep(PAUSE_S)

    async def until(self, versions: Collection[str]) -> None:
        """Until one of these answers."""
        async with self._news:
            await self._news.wait_for(lambda: bool(self.answers) and version_in(self.answers[-1]) in versions)

    def versions(self) -> list[str]:
        """Those that answered, in the order in which they took over."""
        return [version for version, _ in groupby(self.answers, version_in)]


def version_in(answer: httpx.Response) -> str:
    return str(answer.json().get("version"))


class Thrower:
    """Plays match after match by photo."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.finished: list[str] = []
        self.rounds = 0

    async def play(self) -> None:
        photos = {move: (REFERENCE / move / "12.jpg").read_bytes() for move in MOVES}
        await self._client.hello()
        while True:
            round = await self._client.start("logan")
            while round["type"] == "round":
                move = MOVES[self.rounds % 3]
                await self._client.show(round, photos[move], "play", input="upload")
                seen = await self._client.until("seen", "refused")
                assert seen["type"] == "seen" and seen["accepted"] and seen["label"] == move, seen
                assert (await self._client.until("result"))["player_move"] == move
                self.rounds += 1
                await asyncio.sleep(PAUSE_S)
                round = await self._client.until("round", "over")
            self.finished.append(round["match"])


@asynccontextmanager
async def busy(*doings: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """What is done over and over while this is open; if one of these fails, so does what is inside."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(doing()) for doing in doings]
        yield
        for task in tasks:
            task.cancel()


def asked(system: System, path: str) -> Any:
    """What the sidecar says of itself."""
    return httpx.get(f"http://127.0.0.1:{system.environment['RPS_INFERENCE_PORT']}{path}").raise_for_status().json()


def foretold(system: System) -> int:
    """Rounds that the sidecar has foretold since it began."""
    return sum(one["inference_count"] for one in asked(system, "/v2/models/stats")["model_stats"])


def order_of(system: System) -> list[str]:
    """The classes of the model of points that serves."""
    serves = asked(system, "/gestures")["aliases"][Alias.PRODUCTION]
    classes: list[str] = serves[Family.POINTS]["classes"]
    return classes


@pytest.mark.timeout(1800)
async def test_what_was_learned_serves_without_a_pause_and_is_taken_back(seeing: System) -> None:
    admin = f"http://127.0.0.1:{seeing.environment['RPS_ADMIN_PORT']}"
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        headers = {"Authorization": f"Bearer {TOKEN}"}
        operator = Operator(await enter(httpx.AsyncClient(base_url=admin, headers=headers, timeout=PATIENCE_S)))
        witness = Witness(await enter(httpx.AsyncClient(base_url=seeing.url, timeout=PATIENCE_S)))
        thrower = Thrower(await enter(connected(seeing.url)))
        await operator.ready()
        await witness.ready()
        async with busy(witness.watch, thrower.play):
            served = (await operator.overview())["production"]
            await witness.until(served.values())
            sidecar, rounds = seeing.pid("inference"), foretold(seeing)

            await operator.order("retrain", what="gestures")
            over = await operator.until(lambda one: one["job"]["state"] != RUNNING)
            assert over["job"]["state"] == PUBLISHED, over["job"]
            learned = over["production"]
            new, old = (set(one.values()) for one in (learned, served))
            assert new - old and over["before"] == served and over["labelled"] == dict.fromkeys(MOVES, EACH)
            await witness.until(new - old)
            assert order_of(seeing) == ORDER
            looks = await operator.compare(WATCHED)
            assert looks["Production"]["version"] in new - old and looks["B"]["version"] in old - new

            await operator.order("gestures/rollback")
            back = await operator.overview()
            assert (back["production"], back["before"]) == (served, learned)
            await witness.until(old - new)
            assert seeing.pid("inference") == sidecar and foretold(seeing) > rounds

    its_progress_was_told(operator.told)
    assert {(one.status_code, one.json()["label"], one.json()["accepted"]) for one in witness.answers} == {
        (200, "scissors", True)
    }
    first, second, third = witness.versions()
    assert first == third and first in old - new and second in new - old
    decisions = [(one["kind"], one["by"]) for one in back["decisions"][:2]]
    assert decisions == [("rolled-back", "operator at 127.0.0.1"), ("promoted", "retraining")]
    assert thrower.finished
    for match in thrower.finished:
        check(seeing.get(f"/api/matches/{match}"))


def its_progress_was_told(told: list[Message]) -> None:
    """It rose from one thing to the next, and never fell."""
    running = [one for one in told if one["state"] == RUNNING]
    percents = [one["percent"] for one in running]
    assert percents == sorted(percents) and len({one["phase"] for one in running}) > 3
    assert percents[0] < 10 < 90 < percents[-1] and told[-1]["percent"] == 100
