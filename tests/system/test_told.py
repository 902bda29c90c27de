"""What three real processes tell of themselves, to an independent receiver and to a real Prometheus, is true."""

import asyncio
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from urllib.request import Request, urlopen

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from support.client import connected
from support.photos import photo
from support.pixels import put_pixels
from support.prometheus import PROMETHEUS, Prometheus, Refused, watching
from support.receiver import Receiver, receiving
from support.stubborn import Stubborn

from bench.system import System
from game.assignment import Alias
from game.gestures import Label
from game.opponents import OPPONENTS
from k8s.boards.exceptions import EXCEPTIONS
from k8s.boards.expressions import expressions
from models.gesture_bundle import Family
from models.places import gestures_at
from telemetry.traces import ids_of

pytestmark = [
    pytest.mark.skipif(PROMETHEUS is None, reason="needs Debian's package prometheus"),
    pytest.mark.timeout(1800),
]

RULES = Path(__file__).parents[2] / "k8s" / "prometheus" / "rules.yml"
MOVES = ("rock", "paper", "scissors")
ROUNDS = 150
"""Rounds that are played by then, and after which the trainer begins a cycle."""
TOKEN = "a token for this test alone"
PATIENCE_S = 180
LATENCIES = (
    ("server", "rps.round.duration"),
    ("server", "rps.round.opening.duration"),
    ("server", "rps.inference.duration"),
    ("inference", "rps.inference.duration"),
)


class Watched:
    """A system that has played, and who watches it."""

    def __init__(self, system: System, receiver: Receiver, prometheus: Prometheus) -> None:
        self.system = system
        self.receiver = receiver
        self.prometheus = prometheus

    def logged(self, sql: str) -> list[tuple[str, int]]:
        with closing(sqlite3.connect(f"file:{self.system.folder / 'rps.db'}?mode=ro", uri=True)) as log:
            return log.execute(sql).fetchall()

    @property
    def rounds(self) -> int:
        """How many rounds the log says were played."""
        return len(self.logged("SELECT match, round FROM log WHERE kind = 'played'"))

    def everywhere(self) -> dict[str, float]:
        """How many rounds each of them says were played."""
        return {
            "receiver, of the server": self.receiver.value("server", "rps.rounds"),
            "receiver, of the trainer": self.receiver.value("trainer", "rps.log.rounds"),
            "receiver, durations": self.receiver.value("server", "rps.round.duration"),
            "Prometheus, of the server": self.prometheus.value("sum(rps_rounds_total)"),
            "Prometheus, of the trainer": self.prometheus.value("sum(rps_log_rounds_total)"),
            "Prometheus, durations": self.prometheus.value("sum(rps_round_duration_seconds_count)"),
        }


def until(holds: Callable[[], bool], what: Callable[[], object]) -> None:
    """Wait until it holds; if it does not, say what is instead."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, what()
        time.sleep(0.2)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("told")
    store = gestures_at(folder / "store", str(folder))
    store.swap(store.table().generation, {Family.PIXELS: {Alias.PRODUCTION: put_pixels(store)}})
    with receiving() as receiver:
        variables = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
            "OTEL_METRIC_EXPORT_INTERVAL": "1000",
            "OTEL_BSP_SCHEDULE_DELAY": "500",
            "OTEL_TRACES_SAMPLER_ARG": "1",
            "RPS_CONTROL_SHARE": "0.2",
            "RPS_INFERENCE_TIMEOUT_MS": "5000",  # a busy machine's late answers are not what this is about
            "RPS_RETRAIN_ROUNDS": str(ROUNDS),
            "RPS_RETRAIN_FAMILIES": "logan",
            "RPS_POLL_S": "0.2",
            "RPS_ADMIN_TOKEN": TOKEN,
        }
        with System(folder, **variables) as system:
            system.play().start("trainer")
            ports = {"server": system.port, **{name: int(system.environment[variable]) for name, variable in PORTS}}
            with watching(folder, {f"rps-quest/{name}": port for name, port in ports.items()}, RULES) as prometheus:
                found = Watched(system, receiver, prometheus)
                # matches that ended before it came are taken in, but not traced again
                until(lambda: prometheus.value("rps_trainer_leading") == 1, lambda: system.log("trainer"))
                asyncio.run(used(system))
                yield found


PORTS = (("inference", "RPS_INFERENCE_PORT"), ("trainer", "RPS_ADMIN_PORT"))


async def used(system: System) -> None:
    """What players and operators do: matches, a photo, a preview, a lost socket, wrong messages, an order."""
    random = Random(7)
    players = [Stubborn(system.url, lambda round, results: random.choice(MOVES)) for _ in range(4)]
    for turn in range(4):
        opponents = list(OPPONENTS)
        games = [player.play(opponents[(turn + at) % len(opponents)], f"{turn}") for at, player in enumerate(players)]
        await asyncio.gather(*games)
    predict, jpeg = f"{system.url}/api/gesture/predict", {"Content-Type": "image/jpeg"}
    await asyncio.to_thread(posted, predict, photo(Label.ROCK), jpeg)
    async with connected(system.url) as client:
        token = (await client.hello())["token"]
        round = await client.start("logan")
        await client.show(round, photo(Label.PAPER))
        await client.until("seen")
        await client.show(round, photo(Label.SCISSORS), "play")
        await client.until("result")
        await client.until("round")
        await client.say("nonsense")
        await client.until("refused")
    async with connected(system.url) as client:  # the match goes on over another socket
        match = (await client.hello(token=token))["match"]
        await client.say("sync", match=match, seen=0)
        await client.until("round")
        await client.say("leave", match=match)
        await client.until("over")
    port = system.environment["RPS_ADMIN_PORT"]
    order = f"http://127.0.0.1:{port}/admin/reload"
    await asyncio.to_thread(posted, order, b"{}", {"Authorization": f"Bearer {TOKEN}"})


def posted(url: str, body: bytes, headers: dict[str, str]) -> None:
    with urlopen(Request(url, body, headers, method="POST"), timeout=120) as answer:
        assert answer.status == 200


def test_every_round_is_counted_once_by_everybody(watched: Watched) -> None:
    played = watched.rounds
    assert played >= ROUNDS
    until(lambda: set(watched.everywhere().values()) == {played}, watched.everywhere)


def test_predictions_of_all_aliases_are_what_the_log_holds(watched: Watched) -> None:
    sql = (
        "SELECT alias.key, count(*) FROM log AS sealed JOIN log AS played USING (match, round), "
        "json_each(sealed.body -> '$.predictions') AS alias "
        "WHERE sealed.kind = 'sealed' AND played.kind = 'played' GROUP BY alias.key"
    )
    expected = dict(watched.logged(sql))
    assert set(expected) == {str(alias) for alias in Alias}

    def told() -> dict[str, float]:
        found = watched.prometheus.ask("sum by (alias) (rps_model_predictions_total)")
        return {labels["alias"]: value for labels, value in found}

    until(lambda: told() == expected, lambda: (told(), expected))


def test_every_rounds_spans_are_one_trace_across_the_processes(watched: Watched) -> None:
    rounds = watched.logged("SELECT match, round FROM log WHERE kind = 'played'")

    def by_trace() -> dict[int, list[tuple[str, Span]]]:
        found = defaultdict(list)
        for service, spans in list(watched.receiver.spans.items()):
            for span in list(spans):
                found[int.from_bytes(span.trace_id)].append((service, span))
        return found

    def lacking() -> list[object]:
        traces = by_trace()
        return [
            (match, number, sorted(names))
            for match, number in rounds
            if not {("server", name) for name in ("round", "seal", "inference", "commit", "throw")}
            | {("inference", "predict")}
            <= (names := {(service, span.name) for service, span in traces[ids_of(match, number)[0]]})
        ]

    until(lambda: not lacking(), lambda: lacking()[:5])
    for match, number in rounds:
        spans = [span for _, span in by_trace()[ids_of(match, number)[0]]]
        ids = {span.span_id for span in spans}
        (root,) = [span for span in spans if not span.parent_span_id]
        assert root.name == "round" and int.from_bytes(root.span_id) == ids_of(match, number)[1]
        assert all(span.parent_span_id in ids for span in spans if span is not root)
        assert int.from_bytes(root.links[0].trace_id) == ids_of(match)[0]
    matches = {match for match, _ in watched.logged("SELECT match, round FROM log WHERE kind = 'closed'")}
    until(
        lambda: all(
            {("server", "match"), ("trainer", "judge")}
            <= {(service, span.name) for service, span in by_trace()[ids_of(match)[0]]}
            for match in matches
        ),
        lambda: "a match's trace lacks its root, or what the trainer made of it",
    )


def test_exemplars_lead_to_traces_of_rounds(watched: Watched) -> None:
    rounds = watched.logged("SELECT match, round FROM log WHERE kind = 'sealed'")
    # a round that was open when its match was read back from the log stands in the match's trace
    traces = {f"{ids[0]:032x}" for match, number in rounds for ids in (ids_of(match, number), ids_of(match))}
    for service, name in LATENCIES:
        exemplars = watched.receiver.exemplars[service, name]
        assert exemplars and set(exemplars) <= traces, name


def test_every_expression_of_dashboards_and_rules_can_be_read_and_finds_data(watched: Watched) -> None:
    until(lambda: watched.prometheus.value("sum(rps_trainer_cycles_total)") >= 1, lambda: watched.system.log("trainer"))
    asked = expressions()
    assert len(asked) > 100

    def empty() -> list[str]:
        found = []
        for where, expression in asked:
            try:
                if where not in EXCEPTIONS and not watched.prometheus.ask(expression):
                    found.append(f"{where}: {expression}")
            except Refused as error:
                pytest.fail(str(error))
        return found

    until(lambda: not empty(), lambda: "\n".join(empty()))
    assert {where for where, _ in asked} >= set(EXCEPTIONS), "an exception that nothing is excepted by"


def test_nothing_personal_is_told(watched: Watched) -> None:
    players = [name for name, *_ in watched.logged("SELECT id, 1 FROM players UNION SELECT name, 1 FROM players")]
    told = repr(watched.receiver.values) + repr(watched.receiver.resources)
    told += "".join(watched.system.log(name) for name in ("server", "inference", "trainer"))
    told += "".join(str(span) for spans in watched.receiver.spans.values() for span in spans)
    assert players and not [name for name in players if name in told]


def test_what_is_told_of_the_log_outlives_the_process_that_tells_it(watched: Watched) -> None:
    before = watched.receiver.resources["trainer"]["service.instance.id"]
    watched.system.stop("trainer")
    watched.system.start("trainer")
    until(
        lambda: (
            watched.receiver.resources["trainer"]["service.instance.id"] != before
            and watched.receiver.value("trainer", "rps.log.rounds") == watched.rounds
        ),
        watched.everywhere,
    )
