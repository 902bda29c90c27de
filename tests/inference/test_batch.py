import asyncio
from collections.abc import Callable

import numpy as np
import pytest
from support.peer import Peer

from game.ask import Request, Response
from game.assignment import Alias
from game.features import SIZE
from inference.batch import BATCH, Desk, answer
from inference.loaded import Floats
from inference.model import Model
from inference.replies import LATE, OVERLOADED, UNSOUND
from inference.shelf import Shelf, Window
from inference.tally import Tally

P, B, S1, S2 = Alias
SOON = 10.0


class StandIn:
    """A model that says these probabilities for every row, and counts its runs."""

    def __init__(self, version: str, *said: float) -> None:
        self.family, self.version, self.digest = "brian", version, ""
        self.tally = Tally()
        self.rows: list[int] = []
        self._said = said

    def run(self, features: Floats) -> Floats:
        self.rows.append(len(features))
        return np.tile(np.array(self._said, np.float32), (len(features), 1))


def features(seed: int) -> bytes:
    return np.random.default_rng(seed).random(SIZE // 4, np.float32).tobytes()


def request(id: int, family: str = "brian", deadline: float = SOON) -> Request:
    return Request(id, family, deadline, features(id))


def of(**models: StandIn) -> Shelf:
    by_name: dict[Alias, Model] = {Alias(name): model for name, model in models.items()}  # type: ignore[misc]
    return Shelf(1, {"brian": by_name})


def test_every_alias_answers_every_request(shelf: Shelf) -> None:
    (response,) = answer(shelf, [request(7)], now=0)
    assert response.id == 7
    assert response.error is None
    assert {alias: one.version for alias, one in response.predictions.items()} == shelf.greeting().versions["brian"]
    assert len({one.probabilities for one in response.predictions.values()}) == 4
    for one in response.predictions.values():
        assert sum(one.probabilities) == pytest.approx(1, abs=2e-6)


def test_a_batch_of_two_families_answers_as_each_alone(shelf: Shelf) -> None:
    requests = [request(id, "logan" if id % 3 else "brian") for id in range(20)]
    together = answer(shelf, requests, now=0)
    alone = [answer(shelf, [one], now=0)[0] for one in requests]
    assert [one.id for one in together] == list(range(20))
    for left, right in zip(together, alone, strict=True):
        assert left.predictions.keys() == right.predictions.keys()
        for alias, one in left.predictions.items():
            assert one.version == right.predictions[alias].version
            assert one.probabilities == pytest.approx(right.predictions[alias].probabilities, abs=2e-6)


def test_a_version_under_two_aliases_runs_once() -> None:
    shared, other = StandIn("one", 0.5, 0.25, 0.25), StandIn("two", 0.0, 0.0, 1.0)
    responses = answer(of(Production=shared, B=other, shadow1=shared), [request(1), request(2)], now=0)
    assert shared.rows == other.rows == [2]
    for response in responses:
        assert list(response.predictions) == [P, B, S1]
        assert response.predictions[P] == response.predictions[S1]
        assert response.predictions[B].probabilities == (0.0, 0.0, 1.0)


def test_what_is_late_is_not_computed() -> None:
    model = StandIn("one", 0.5, 0.25, 0.25)
    late, good = answer(of(Production=model), [request(1, deadline=5.0), request(2, deadline=6.0)], now=5.5)
    assert late == Response(1, {}, LATE)
    assert good.error is None
    assert model.rows == [1]


def test_a_wrong_request_gets_its_reason_and_disturbs_no_other(shelf: Shelf) -> None:
    requests = [
        request(1),
        request(2, "nobody"),
        Request(3, "brian", SOON, features(3)[:-4]),
        Request(4, "brian", SOON, b""),
        request(5, "logan"),
    ]
    first, unknown, short, empty, last = answer(shelf, requests, now=0)
    assert first.error is last.error is None
    assert unknown == Response(2, {}, "no model of family 'nobody'")
    assert short == Response(3, {}, "a feature vector has 200 bytes, not 196")
    assert empty == Response(4, {}, "a feature vector has 200 bytes, not 0")


def test_a_model_without_a_distribution_is_left_out() -> None:
    shelf = of(Production=StandIn("bad", np.nan, 0.5, 0.5), B=StandIn("good", 0.5, 0.25, 0.25))
    (response,) = answer(shelf, [request(1)], now=0)
    assert list(response.predictions) == [B]
    assert response.error is None
    assert answer(of(Production=StandIn("bad", np.nan, 1, 0)), [request(1)], now=0) == [Response(1, {}, UNSOUND)]


def test_features_that_are_not_finite_spoil_only_their_own_answer(shelf: Shelf) -> None:
    poison = Request(1, "brian", SOON, np.full(SIZE // 4, np.nan, np.float32).tobytes())
    bad, good = answer(shelf, [poison, request(2)], now=0)
    assert bad.error == UNSOUND
    assert len(good.predictions) == 4


def desk(shelf: Shelf, **options: int) -> Desk:
    window = Window()
    window.shelf = shelf
    return Desk(window, clock=lambda: 0.0, **options)


async def turn() -> None:
    """Let the loop go round once."""
    await asyncio.sleep(0)


async def test_requests_of_one_turn_run_together_and_are_told_together() -> None:
    model = StandIn("one", 0.5, 0.25, 0.25)
    at, left, right = desk(of(Production=model)), Peer(), Peer()
    for id in range(6):
        at.ask(request(id), left if id % 2 else right)
    assert not left.told
    await turn()
    assert model.rows == [6]
    assert [[one.id for one in told] for told in left.told] == [[1, 3, 5]]
    assert [[one.id for one in told] for told in right.told] == [[0, 2, 4]]


async def test_a_long_queue_takes_several_turns_in_order() -> None:
    model = StandIn("one", 0.5, 0.25, 0.25)
    at, peer = desk(of(Production=model)), Peer()
    for id in range(2 * BATCH + 1):
        at.ask(request(id), peer)
    for _ in range(3):
        await turn()
    assert model.rows == [BATCH, BATCH, 1]
    assert [one.id for told in peer.told for one in told] == list(range(2 * BATCH + 1))


async def test_a_full_queue_refuses_at_once_and_answers_what_it_took() -> None:
    at, peer = desk(of(Production=StandIn("one", 1, 0, 0)), limit=2), Peer()
    for id in range(3):
        at.ask(request(id), peer)
    assert peer.told == [[Response(2, {}, OVERLOADED)]]
    await turn()
    assert [one.id for one in peer.told[1]] == [0, 1]
    at.ask(request(3), peer)
    await turn()
    assert peer.told[2][0].error is None


async def test_nothing_is_computed_for_who_has_gone() -> None:
    model = StandIn("one", 1, 0, 0)
    at, gone = desk(of(Production=model)), Peer(there=False)
    at.ask(request(1), gone)
    await turn()
    assert not model.rows
    assert not gone.told


async def test_draining_answers_all_that_waits() -> None:
    at, peer = desk(of(Production=StandIn("one", 1, 0, 0))), Peer()
    for id in range(BATCH + 3):
        at.ask(request(id), peer)
    at.drain()
    assert sum(map(len, peer.told)) == BATCH + 3


async def test_a_swap_is_whole_for_every_turn(shelf: Shelf, bundle: Callable[..., object]) -> None:
    window = Window()
    window.shelf = shelf
    at, peer = Desk(window, clock=lambda: 0.0), Peer()
    at.ask(request(1), peer)
    window.shelf = of(Production=StandIn("new", 1, 0, 0))
    await turn()
    assert [one.version for one in peer.told[0][0].predictions.values()] == ["new"]
