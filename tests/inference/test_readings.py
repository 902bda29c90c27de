"""Players who are followed: what they are told is what reading their whole past anew would tell, whatever happens."""

import asyncio
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import count
from random import Random
from typing import Any

import numpy as np
import pytest
from support.gates import FAMILY, Replay, bundle, gate
from support.peer import Peer
from support.play import answer, opening, throw

from game import match as rules
from game.ask import Request, Response
from game.assignment import Alias
from game.events import Ask
from game.features import SIZE
from game.gambits import choose
from game.knowledge import Knowledge
from game.moves import MOVES
from game.past import LONGEST
from game.records import Prediction
from game.state import Match
from inference.batch import SLICE_S, Desk
from inference.cabinet import AWAY_S, BUSY_S
from inference.model import Model
from inference.reader import Reader, Said
from inference.replies import FULL, LATE, UNSOUND
from inference.shelf import Shelf, Window
from models.bundle import Bundle

P, B, S1, S2 = Alias
SOON = 1e9
TABLES: list[Mapping[Alias, int]] = [
    {P: 0, B: 1, S1: 2, S2: 3},
    {P: 0, B: 1, S1: 2, S2: 4},
    {P: 1, B: 0, S1: 2, S2: 4},
    {P: 1, B: 2, S1: 2},
    {P: 5},
    dict.fromkeys(Alias, 3),
]
"""Which seed's gate each alias means."""


@cache
def reader(seed: int) -> Reader:
    return Reader(bundle(gate(seed)))


@cache
def replay(version: str) -> Replay:
    seeds = {reader(seed).version: seed for table in TABLES for seed in table.values()}
    return Replay(gate(seeds[version]))


def shelf_of(table: Mapping[Alias, int], **others: Mapping[Alias, Model]) -> Shelf:
    return Shelf(1, {FAMILY: {alias: reader(seed) for alias, seed in table.items()}, **others})


def check(response: Response, ask: Ask) -> None:
    """Each prediction is that of its version on the whole past."""
    assert response.error is None
    assert response.predictions
    for one in response.predictions.values():
        assert one.probabilities == pytest.approx(replay(one.version).says(ask.past, ask.features), abs=1e-5)


class Clock:
    """Stands still but for what is added, and for `tick` at every look."""

    def __init__(self, tick: float = 0.0) -> None:
        self.now, self._tick = 1000.0, tick

    def __call__(self) -> float:
        self.now += self._tick
        return self.now


class House:
    """A desk, and what is asked of it."""

    def __init__(self, table: Mapping[Alias, int] = TABLES[0], tick: float = 0.0, room: int = 512) -> None:
        self.window, self.clock, self._room = Window(), Clock(tick), room
        self.window.shelf = shelf_of(table)
        self._ids = count()
        self.restart()

    def restart(self) -> None:
        self.desk, self.peer = Desk(self.window, clock=self.clock, room=self._room), Peer()

    def ask(self, ask: Ask, family: str = FAMILY, patience: float = SOON) -> int:
        id = next(self._ids)
        self.desk.ask(Request(id, family, self.clock.now + patience, ask.features, ask.past), self.peer)
        return id

    def answer(self, id: int) -> Response | None:
        return next((one for one in self.peer.heard if one.id == id), None)

    async def answered(self, id: int, turns: int = 2000) -> Response:
        """The answer, after so many turns of the loop at most."""
        for _ in range(turns):
            await asyncio.sleep(0)
            if (found := self.answer(id)) is not None:
                return found
        raise AssertionError("no answer")

    async def told(self, ask: Ask) -> Response:
        return await self.answered(self.ask(ask))


class Player:
    """Plays match after match by chance."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self.match, self._effects = self._begun(Knowledge())

    def _begun(self, known: Knowledge) -> tuple[Match, list[object]]:
        seed = f"{self._random.getrandbits(128):032x}"
        match, effects = rules.start(opening(seed, choose(self._random.random()), known))
        return match, list(effects)

    @property
    def ask(self) -> Ask:
        return rules.question(self.match)

    def throw(self, predictions: dict[Alias, Prediction] | None = None) -> None:
        """Go on to the next question, in another match if this one is over."""
        given = answer(self.ask, predictions or {}, self._random.random())
        match, _ = rules.step(self.match, given)
        self.match, _ = rules.step(match, throw(match.round, self._random.choice(MOVES)))
        if self.match.closed is not None:
            self.match, _ = self._begun(self.match.known)


def players(number: int) -> Iterator[Player]:
    return map(Player, range(number))


def seasoned(rounds: int, seed: int = 0) -> Player:
    player = Player(seed)
    while len(player.ask.past) < rounds:
        player.throw()
    return player


async def test_all_versions_answer_every_round_of_every_player() -> None:
    house, everybody, random = House(), list(players(4)), Random(1)
    for _ in range(50):
        player = random.choice(everybody)
        response = await house.told(player.ask)
        check(response, player.ask)
        assert {alias: one.version for alias, one in response.predictions.items()} == {
            alias: reader(seed).version for alias, seed in TABLES[0].items()
        }
        player.throw(response.predictions)


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_happens_what_is_told_is_what_the_past_tells(seed: int) -> None:
    """Swaps, restarts, evictions, questions that are lost, put twice or side by side."""
    house, everybody, random = House(room=3), list(players(6)), Random(seed)
    for _ in range(30):
        asking = random.sample(everybody, random.randint(1, 3))
        asked = [(house.ask(player.ask), player) for player in asking for _ in range(random.choice((1, 1, 2)))]
        if random.random() < 0.2:
            house.window.shelf = shelf_of(random.choice(TABLES))
        for id, player in asked:
            check(await house.answered(id), player.ask)
        for player in asking:
            for _ in range(random.choice((1, 1, 1, 3))):
                player.throw()
        if random.random() < 0.05:
            house.restart()
        house.clock.now += random.choice((BUSY_S, AWAY_S))


async def test_a_past_from_which_older_matches_are_gone_is_read_anew() -> None:
    house, player, cut = House({P: 0}), seasoned(580), 0
    before = player.ask.past
    for _ in range(60):
        if not player.ask.past.startswith(before):
            cut += 1
            check(await house.told(player.ask), player.ask)
        else:
            await house.told(player.ask)
        before = player.ask.past
        player.throw()
    assert cut == 1


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> tuple[list[Reader], list[str]]:
    """Two readers, and the version of each run of either."""
    models, runs = [Reader(bundle(gate(seed))) for seed in range(2)], list[str]()
    for model in models:

        def run(*fed: Any, model: Reader = model) -> Said:
            runs.append(model.version)
            return Reader.run(model, *fed)

        monkeypatch.setattr(model, "run", run)
    return models, runs


async def test_a_round_is_read_once(counting: tuple[list[Reader], list[str]]) -> None:
    (model, _), runs = counting
    house, player = House(), Player(3)
    house.window.shelf = Shelf(1, {FAMILY: dict.fromkeys(Alias, model)})
    for _ in range(40):
        await house.told(player.ask)
        player.throw()
    assert len(runs) == 40 == model.tally.done().rows == model.tally.done().runs


async def test_one_player_of_many_is_found_again() -> None:
    """Rebuilding takes a run for each earlier round, following one in all."""
    model = Reader(bundle(gate(0)))
    house, everybody = House(), [seasoned(30, seed) for seed in range(5)]
    house.window.shelf = Shelf(1, {FAMILY: {P: model}})
    for _ in range(10):
        for player in everybody:
            await house.told(player.ask)
            player.throw()
    assert model.tally.done().rows == 50


async def test_a_swap_leaves_no_question_without_an_answer_and_no_alias_a_version_it_does_not_mean() -> None:
    house, player = House(tick=SLICE_S / 2), seasoned(60)
    await house.told(player.ask)
    player.throw()
    house.window.shelf = shelf_of(TABLES[1])
    response = await house.answered(house.ask(player.ask), turns=10)
    check(response, player.ask)
    assert {alias: one.version for alias, one in response.predictions.items()} == {
        alias: reader(seed).version for alias, seed in TABLES[1].items() if alias is not S2
    }
    for _ in range(200):
        await asyncio.sleep(0)
    player.throw()
    response = await house.answered(house.ask(player.ask), turns=10)
    check(response, player.ask)
    assert response.predictions[S2].version == reader(4).version


async def test_versions_that_change_places_are_not_read_anew(counting: tuple[list[Reader], list[str]]) -> None:
    (one, other), runs = counting
    house, player = House(), seasoned(30)
    house.window.shelf = Shelf(1, {FAMILY: {P: one, B: other}})
    await house.told(player.ask)
    player.throw()
    runs.clear()
    house.window.shelf = Shelf(1, {FAMILY: {P: other, B: one, S1: one}})
    response = await house.told(player.ask)
    check(response, player.ask)
    assert [one.version for one in response.predictions.values()] == [other.version, one.version, one.version]
    assert sorted(runs) == sorted([one.version, other.version])


def plain(onnx, bundle) -> Model:  # type: ignore[no-untyped-def]
    found: Bundle = bundle(onnx(1), "brian")
    return Model(found)


async def test_long_pasts_hold_nobody_up(onnx, bundle) -> None:  # type: ignore[no-untyped-def]
    house, old, new = House({P: 0}, tick=SLICE_S / 2), [seasoned(100, seed) for seed in range(6)], Player(1)
    house.window.shelf = shelf_of({P: 0}, brian={P: plain(onnx, bundle)})
    long = [house.ask(player.ask) for player in old]
    await asyncio.sleep(0)
    other, short = house.ask(new.ask, "brian"), house.ask(new.ask)
    await asyncio.sleep(0)
    assert house.answer(other) is not None
    check(await house.answered(short, turns=2), new.ask)
    assert not any(house.answer(id) for id in long)
    for id, player in zip(long, old, strict=True):
        check(await house.answered(id), player.ask)


async def test_what_comes_too_late_is_told_so_and_helps_the_next_question() -> None:
    house, player = House({P: 0}, tick=SLICE_S / 2), seasoned(300)
    late = house.ask(player.ask, patience=10 * SLICE_S)
    assert await house.answered(late, turns=30) == Response(late, {}, LATE)
    player.throw()
    for _ in range(400):
        await asyncio.sleep(0)
    check(await house.answered(house.ask(player.ask, patience=10 * SLICE_S), turns=5), player.ask)


async def test_questions_that_come_while_the_past_is_still_being_read_go_on_with_it() -> None:
    house, player = House({P: 0}, tick=SLICE_S / 2), seasoned(300)
    rounds = 0
    while True:
        id = house.ask(player.ask, patience=40 * SLICE_S)
        rounds += 1
        if (await house.answered(id)).error is None:
            break
        player.throw()
    assert 2 < rounds < 20


async def test_a_full_cabinet_of_players_who_play_takes_nobody_new() -> None:
    house, everybody = House({P: 0}, room=3), list(players(4))
    *seated, new = everybody
    for player in everybody:
        player.throw()
    for player in seated:
        check(await house.told(player.ask), player.ask)
        player.throw()
    assert (await house.told(new.ask)).error == FULL
    house.clock.now += BUSY_S
    check(await house.told(new.ask), new.ask)
    for player in seated[1:]:
        check(await house.told(player.ask), player.ask)
    assert (await house.told(seated[0].ask)).error == FULL


async def test_who_has_gone_is_answered_nothing_and_what_waits_at_the_end_is_answered() -> None:
    house, player = House({P: 0}, tick=SLICE_S / 2), seasoned(50)
    house.ask(player.ask)
    await asyncio.sleep(0)
    house.peer.there = False
    for _ in range(200):
        await asyncio.sleep(0)
    assert not house.peer.heard
    house.restart()
    ids = [house.ask(player.ask) for player in (seasoned(60), Player(1))]
    house.desk.drain()
    assert [house.answer(id) is not None for id in ids] == [True, True]


BAD = Ask(1, np.full(SIZE // 4, 0.5, np.float32).tobytes())


@pytest.mark.parametrize(
    ("ask", "reason"),
    [
        (Ask(1, Player(0).ask.features, bytes([200])), "these 1 bytes are no past"),
        (Ask(1, Player(0).ask.features, bytes(LONGEST + 1)), f"it has {LONGEST} at most"),
        (BAD, "the features tell of no round"),
        (Ask(1, np.full(SIZE // 4, np.nan, np.float32).tobytes()), "the features tell of no round"),
        (Ask(1, np.full(SIZE // 4, np.inf, np.float32).tobytes()), "the features tell of no round"),
        (Ask(1, np.full(SIZE // 4, 3e38, np.float32).tobytes()), "the features tell of no round"),
        (Ask(1, BAD.features[:-4]), "a feature vector has 200 bytes, not 196"),
    ],
)
async def test_a_wrong_question_gets_its_reason_and_disturbs_no_other(ask: Ask, reason: str) -> None:
    house, player = House({P: 0}), Player(0)
    wrong, right = house.ask(ask), house.ask(player.ask)
    check(await house.answered(right), player.ask)
    assert reason in str((await house.answered(wrong)).error)


async def test_who_does_not_tell_a_past_is_answered_as_somebody_unknown() -> None:
    """As match servers of before there was one."""
    house, player = House({P: 0}), seasoned(20)
    for _ in range(3):
        unknown = Ask(1, player.ask.features)
        check(await house.told(unknown), unknown)
        player.throw()


async def test_a_plain_model_among_readers_answers_beside_them(onnx, bundle) -> None:  # type: ignore[no-untyped-def]
    house, player, other = House(), seasoned(20), plain(onnx, bundle)
    house.window.shelf = Shelf(1, {FAMILY: {P: reader(0), B: other}})
    response = await house.told(player.ask)
    assert {alias: one.version for alias, one in response.predictions.items()} == {
        P: reader(0).version,
        B: other.version,
    }
    (said,) = other.run(np.frombuffer(player.ask.features, np.float32)[None])
    assert response.predictions[B].probabilities == pytest.approx(said.tolist(), abs=1e-5)


async def test_a_gate_without_a_distribution_is_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = Reader(bundle(gate(0))), Reader(bundle(gate(1)))
    run = bad.run
    monkeypatch.setattr(bad, "run", lambda *fed: run(*fed)._replace(shares=np.full((1, 3), np.nan, np.float32)))
    house, player = House(), Player(0)
    house.window.shelf = Shelf(1, {FAMILY: {P: bad, B: good}})
    assert list((await house.told(player.ask)).predictions) == [B]
    assert (bad.tally.done().failed, good.tally.done().failed) == (1, 0)
    house.window.shelf = Shelf(1, {FAMILY: {P: bad}})
    assert (await house.told(player.ask)).error == UNSOUND
