"""The traces of sampled matches: each round is one tree, none is left open, and the sidecar is told where to go on."""

import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, closing

import pytest
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from support.client import connected
from support.house import House, look, running
from support.pictures import drawn, encoded

from game.gestures import Cause, Label
from server.errors import LogUnavailable
from server.settings import Settings
from server.table import now_ms
from telemetry import logs
from telemetry.tallies import Histogram
from telemetry.traces import ids_of, traced

IMAGE = encoded(drawn())


class Kept(SimpleSpanProcessor):
    """Keeps every ended span, and counts those that were begun."""

    def __init__(self) -> None:
        self.memory = InMemorySpanExporter()
        self.begun = 0
        super().__init__(self.memory)

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        self.begun += 1

    @property
    def ended(self) -> list[ReadableSpan]:
        return list(self.memory.get_finished_spans())

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.ended if span.name == name]

    def below(self, parent: ReadableSpan) -> list[ReadableSpan]:
        """Its children, in the order in which they began."""
        found = [span for span in self.ended if span.parent and span.parent.span_id == parent.context.span_id]
        return sorted(found, key=lambda span: span.start_time)


def names(spans: list[ReadableSpan]) -> list[str]:
    return [span.name for span in spans]


def traceparent(span: ReadableSpan) -> str:
    return f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-01"


def ids(span: ReadableSpan) -> tuple[int, int]:
    return span.context.trace_id, span.context.span_id


@pytest.fixture
def kept() -> Iterator[Kept]:
    """Nothing that was begun is left open once the servers have stopped, and no two spans have the same ids."""
    kept = Kept()
    yield kept
    assert len(kept.ended) == kept.begun
    assert len({ids(span) for span in kept.ended}) == kept.begun


Opening = Callable[..., Awaitable[House]]


@pytest.fixture
async def open_traced(house_settings: Settings, kept: Kept) -> AsyncIterator[Opening]:
    """Start a server that traces this share of all matches; it stops with the test."""
    async with AsyncExitStack() as stack:

        async def open_one(share: float = 1.0) -> House:
            traces, provider = traced(kept, Resource.create({}), share)
            stack.callback(provider.shutdown)
            return await stack.enter_async_context(running(house_settings, traces))

        yield open_one


async def test_every_round_is_one_tree_in_its_own_trace(open_traced: Opening, kept: Kept) -> None:
    house = await open_traced()
    async with connected(house.url) as client:
        await client.hello()
        over = await client.play_out(await client.start())
        await client.settled()
    results = [message for message in client.heard if message["type"] == "result"]
    roots = kept.named("round")
    assert [root.attributes["rps.round"] for root in roots] == [result["round"] for result in results]
    for root, result in zip(roots, results, strict=True):
        assert root.parent is None
        assert ids(root) == ids_of(over["match"], result["round"])
        assert [(link.context.trace_id, link.context.span_id) for link in root.links] == [ids_of(over["match"])]
        assert dict(root.attributes) == {
            "rps.match": over["match"], "rps.round": result["round"], "rps.round.outcome": result["outcome"],
        }  # fmt: skip
        seal, throw = kept.below(root)
        assert names([seal, throw]) == ["seal", "throw"]
        assert names(kept.below(seal)) == ["inference", "commit"]
        assert names(kept.below(throw)) == ["commit"]
        assert throw.kind is SpanKind.SERVER
        assert kept.below(seal)[0].kind is SpanKind.CLIENT
        tree = [root, seal, throw, *kept.below(seal), *kept.below(throw)]
        assert {span.context.trace_id for span in tree} == {root.context.trace_id}
        assert all(root.start_time <= span.start_time <= span.end_time <= root.end_time for span in tree)
    by_trace = defaultdict(int)
    for span in kept.ended:
        by_trace[span.context.trace_id] += 1
    assert sorted(by_trace.values()) == [1, *[6] * over["rounds"]]


async def test_the_models_are_told_where_to_go_on(open_traced: Opening, kept: Kept) -> None:
    house = await open_traced()
    async with connected(house.url) as client:
        await client.hello()
        await client.play_out(await client.start())
    assert house.oracle.traces == [traceparent(span) for span in kept.named("inference")]


async def test_the_matchs_span_tells_at_its_end_how_it_went(open_traced: Opening, kept: Kept) -> None:
    house = await open_traced()
    async with connected(house.url) as client:
        await client.hello()
        over = await client.play_out(await client.start("logan"))
        (span,) = kept.named("match")
    assert ids(span) == ids_of(over["match"])
    assert dict(span.attributes) == {
        "rps.match": over["match"], "rps.opponent": "logan", "rps.arm": over["served_by"]["alias"],
        "rps.winner": over["winner"], "rps.reason": "target",
    }  # fmt: skip


async def test_only_the_matches_that_are_sampled_have_spans(open_traced: Opening, kept: Kept) -> None:
    house = await open_traced(0.5)
    elsewhere, provider = traced(Kept(), Resource.create({}), 0.5)
    provider.shutdown()
    sampled, matches = elsewhere.sampled, set[str]()
    async with connected(house.url) as client:
        await client.hello()
        while len({sampled(match) for match in matches}) < 2 or len(matches) < 8:
            round = await client.start()
            matches.add(round["match"])
            await client.throw(round)
            await client.until("round")
            await client.ask("leave", match=round["match"])
    expected = {match for match in matches if sampled(match)}
    assert {span.attributes["rps.match"] for span in kept.named("match")} == expected
    assert {span.attributes["rps.match"] for span in kept.named("round")} == expected
    assert len(kept.named("seal")) == 2 * len(expected)
    assert house.oracle.traces.count("") == 2 * (len(matches) - len(expected))


async def test_a_match_that_is_not_sampled_has_no_spans(open_traced: Opening, kept: Kept) -> None:
    house = await open_traced(0.0)
    async with connected(house.url) as client:
        await client.hello()
        over = await client.play_out(await client.start())
    assert kept.ended == []
    assert house.oracle.traces == [""] * over["rounds"]


async def test_a_shown_throw_has_its_look_in_the_round_and_the_eyes_are_told(open_traced: Opening, kept: Kept) -> None:
    house = await open_traced()
    async with connected(house.url) as client:
        await client.hello()
        round = await client.start()
        await client.show(round, IMAGE)
        await client.until("seen")
        house.eyes.shows = look(Label.OTHER, reason=Cause.NO_MOVE)
        await client.show(round, IMAGE, "play")
        await client.until("seen")
        house.eyes.shows = look(Label.ROCK)
        await client.show(round, IMAGE, "play")
        await client.until("round")
    first = kept.named("round")[0]
    assert first.attributes["rps.round"] == 1
    assert sorted(names(kept.below(first))) == ["look", "look", "seal", "throw"]
    looks = kept.named("look")
    assert {span.kind for span in looks} == {SpanKind.CLIENT}
    assert house.eyes.traces == ["", *map(traceparent, looks)]
    assert kept.named("throw")[0].start_time <= looks[-1].start_time  # a throw begins when its image arrives


async def test_a_round_that_nobody_plays_to_its_end_is_abandoned(open_traced: Opening, kept: Kept) -> None:
    house = await open_traced()
    async with connected(house.url) as client:
        await client.hello()
        left = await client.start()
        await client.ask("leave", match=left["match"])
        (root,) = kept.named("round")
        assert root.attributes["rps.round.outcome"] == "abandoned"
        (match,) = kept.named("match")
        assert (match.attributes["rps.winner"], match.attributes["rps.reason"]) == ("bot", "left")


async def test_a_match_that_is_come_back_to_goes_on_in_its_trace(open_traced: Opening, kept: Kept) -> None:
    house = await open_traced()
    async with connected(house.url) as client:
        token = (await client.hello())["token"]
        round = await client.start()
        await client.throw(round)
        await client.until("round")
    async with connected(house.url) as client:
        await client.hello(token=token)
        await client.throw({**round, "round": 2})
        await client.until("round", "over")
        await client.say("leave", match=round["match"])
        await client.until("over")
    (match,) = kept.named("match")
    assert "rps.reason" not in match.attributes
    (resumed,) = kept.below(match)
    assert (resumed.name, resumed.attributes["rps.reason"]) == ("resumed", "left")
    rounds = [(span.attributes["rps.round"], span.attributes["rps.round.outcome"]) for span in kept.named("round")]
    assert [number for number, _ in rounds] == [1, 2, 2, 3]
    assert [outcome == "abandoned" for _, outcome in rounds] == [False, True, False, True]
    (again,) = kept.below(resumed)
    assert (again.name, names(kept.below(again))) == ("round", ["throw"])
    assert again.context.trace_id == match.context.trace_id


async def test_a_match_that_nobody_came_back_to_ends_in_its_trace(open_traced: Opening, kept: Kept) -> None:
    house = await open_traced()
    async with connected(house.url) as client:
        await client.hello()
        await client.start()
    assert await house.parts.table.expire(now_ms() + 1) == 1
    (resumed,) = kept.named("resumed")
    assert (resumed.attributes["rps.winner"], resumed.attributes["rps.reason"]) == ("bot", "expired")


async def test_what_fails_is_marked_and_the_round_goes_on_in_its_trace(open_traced: Opening, kept: Kept) -> None:
    house = await open_traced()
    async with connected(house.url) as client:
        await client.hello()
        round = await client.start()
        with closing(sqlite3.connect(house.parts.settings.database, isolation_level=None)) as rival:
            rival.execute("CREATE TRIGGER full BEFORE INSERT ON log BEGIN SELECT RAISE(ABORT, 'disk full'); END")
            await client.ask("move", match=round["match"], round=1, move="paper")
            rival.execute("DROP TRIGGER full")
        house.oracle.fault = "late"
        await client.throw(round)
        await client.until("round")
    failed, thrown = kept.named("throw")
    assert (failed.status.status_code, failed.status.description) == (
        StatusCode.ERROR, "LogUnavailable: disk full",
    )  # fmt: skip
    assert names([span for span in kept.below(failed) if not span.status.is_ok]) == ["commit"]
    assert thrown.status.is_ok
    assert failed.parent == thrown.parent
    assert [span.status.description for span in kept.named("inference")] == [None, "Unanswered: late"]
    assert all(span.status.is_ok for span in kept.named("seal"))
    assert kept.named("resumed") == []


async def test_two_tabs_share_one_trail(open_traced: Opening, kept: Kept) -> None:
    house = await open_traced()
    async with connected(house.url) as one:
        token = (await one.hello())["token"]
        round = await one.start()
        async with connected(house.url) as other:
            await other.hello(token=token)
            await other.throw(round)
            await other.until("round")
        assert kept.named("match") == []
        await one.until("result")
        await one.throw({**round, "round": 2})
    assert [span.attributes["rps.round"] for span in kept.named("round")][:2] == [1, 2]
    assert kept.named("resumed") == []


async def test_durations_name_the_traces_that_tell_more(open_traced: Opening, kept: Kept) -> None:
    house = await open_traced()
    async with connected(house.url) as client:
        await client.hello()
        await client.play_out(await client.start())
        await client.settled()
    for instrument, name in (("rps.round.duration", "throw"), ("rps.round.opening.duration", "seal")):
        measured = house.parts.meters.tallies.instruments[instrument]
        assert isinstance(measured, Histogram)
        exemplars = {(one.trace, one.span) for spread in measured.series.values() for one in spread.exemplars.values()}
        assert exemplars
        assert exemplars <= {ids(span) for span in kept.named(name)}


async def test_what_is_logged_of_a_traced_throw_carries_its_trace(
    open_traced: Opening, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await open_traced()
    caplog.handler.addFilter(logs.traced)
    async with connected(house.url) as client:
        await client.hello()
        round = await client.start()

        async def unavailable(*_: object) -> None:
            raise LogUnavailable("the disk is full")

        with monkeypatch.context() as broken:
            broken.setattr(house.parts.log, "append", unavailable)
            await client.ask("move", match=round["match"], round=1, move="paper")
        await client.throw(round)
    caplog.handler.removeFilter(logs.traced)
    (line,) = [vars(record) for record in caplog.records if record.levelname == "ERROR"]
    assert line["trace_id"] == f"{ids_of(round['match'], 1)[0]:032x}"
