"""Sparring people: what they remember, what values mean to them, and that they play as recorded people did."""

from importlib.resources import files
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json
from msgspec.structs import replace

from game.equilibrium import equilibrium, stakes
from game.moves import MOVES, Move
from game.records import Scores
from trainer.sparring import temperaments
from trainer.sparring.memory import CUES, Memory, Row
from trainer.sparring.people import Leaning, Person, Temper, softmax, spoken
from trainer.sparring.position import Past, Position
from trainer.sparring.study.laboratory import KINDS, simulated
from trainer.sparring.study.likeness import FIGURES, figures, foretold
from trainer.sparring.temperaments import CHANGE, decode, fitted

R, P, S = MOVES
VALUES = {R: 10, P: 13, S: 18}
"""Rock is low, paper the middle, scissors high."""
LEVEL = Position(VALUES, Scores(50, 50))
CALM = Leaning(greed=0, wariness=0, nerve=0, balance=0)
BLANK = (0.0,) * len(CUES)
THROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=12)


def remembered(*pairs: str) -> Memory:
    """Of rounds as two letters each: mine, theirs."""
    memory = Memory()
    for pair in pairs:
        memory.learn("RPS".index(pair[0]), "RPS".index(pair[1]))
    return memory


def cue(memory: Memory, name: str) -> list[float]:
    return [round(share, 6) for share in memory.cues()[CUES.index(name)]]


def test_without_a_past_only_taste_speaks() -> None:
    speaking = {name: row for name, row in zip(CUES, Memory().cues(), strict=True) if any(row)}
    assert speaking == {"paper": (0, 1, 0), "scissors": (0, 0, 1)}


@pytest.mark.parametrize(
    ("name", "rounds", "said"),
    [
        ("up after a win", ["RS"], [0, 1, 0]),
        ("down after a win", ["RS"], [0, 0, 1]),
        ("up after a loss", ["RS"], [0, 0, 0]),
        ("up after a loss", ["SR"], [1, 0, 0]),
        ("down after a draw", ["SS"], [0, 1, 0]),
        ("own", ["RS"], [1 / 6, -1 / 12, -1 / 12]),  # 2 of 4 with one for each move; less a third
        ("own after own", ["RS", "PS", "RR"], [-1 / 12, 1 / 6, -1 / 12]),
        ("own step after outcome", ["RS", "PS", "SP"], [1 / 6, -1 / 12, -1 / 12]),  # up after a win, so up again
        ("own after own two", ["RS", "PS", "SS", "RS", "PR"], [-1 / 12, -1 / 12, 1 / 6]),
        ("theirs", ["RS"], [1 / 4, -1 / 4, 0]),  # against scissors rock wins and paper loses
        ("theirs", ["RS", "RS"], [1.8 / 4.8, -1.8 / 4.8, 0]),  # the earlier one counts .8
        ("their step", ["RR", "RP"], [1 / 4, -1 / 4, 0]),  # up, so scissors next
        ("theirs from mine", ["RR", "PR"], [-1 / 4, 0, 1 / 4]),  # my last throw, so paper next
        ("their step after outcome", ["RR", "RP", "PP"], [1 / 4, -1 / 4, 0]),
        ("theirs after both", ["RS", "PP", "RS"], [-1 / 4, 0, 1 / 4]),  # paper again
        ("their step after two outcomes", ["RS", "PP", "PR", "SR", "RR"], [0, 0, 0]),  # a loss and a draw: never yet
        ("their step after two outcomes", ["RS", "PP", "PR", "RS", "PP"], [0, 1 / 4, -1 / 4]),  # down, so rock next
        ("own step after outcome and step", ["RS", "PR", "SP", "RS"], [-1 / 8, 1 / 4, -1 / 8]),  # up, twice
    ],
)
def test_a_cue_says_what_its_name_tells(name: str, rounds: list[str], said: list[float]) -> None:
    assert cue(remembered(*rounds), name) == pytest.approx(said, abs=1e-6)


@given(THROWS)
def test_moves_are_alike_but_for_taste(throws: list[tuple[int, int]]) -> None:
    """The same past one place further round the circle says the same, one place further round."""
    memory, turned = Memory(), Memory()
    for mine, theirs in throws:
        memory.learn(mine, theirs)
        turned.learn((mine + 1) % 3, (theirs + 1) % 3)
    for (rock, paper, scissors), other in zip(memory.cues()[2:], turned.cues()[2:], strict=True):
        assert other == pytest.approx((scissors, rock, paper))


@given(THROWS, THROWS)
def test_a_new_match_keeps_what_was_learned_and_forgets_what_went_before(
    first: list[tuple[int, int]], second: list[tuple[int, int]]
) -> None:
    """Habits and beliefs that need no last throw are as if the matches were one; the others wait for it."""
    broken, whole = Memory(), Memory()
    for memory, pause in ((broken, True), (whole, False)):
        for throw in first:
            memory.learn(*throw)
        if pause:
            memory.begin()
            assert [name for name, row in zip(CUES, memory.cues(), strict=True) if any(row)] == [
                name for name, row in zip(CUES, whole_cues(first), strict=True) if any(row) and name in TIMELESS
            ]
        for throw in second:
            memory.learn(*throw)
    for name in TIMELESS:
        assert cue(broken, name) == cue(whole, name)


TIMELESS = ("paper", "scissors", "own", "theirs")


def whole_cues(throws: list[tuple[int, int]]) -> list[Row]:
    memory = Memory()
    for throw in throws:
        memory.learn(*throw)
    return memory.cues()


def odds(leaning: Leaning, position: Position = LEVEL, memory: Memory | None = None) -> dict[Move, float]:
    said = Temper(BLANK, leaning).odds(position, memory or Memory(), 1)
    return dict(zip(MOVES, said, strict=True))


def test_who_leans_to_nothing_throws_anything() -> None:
    assert odds(CALM, memory=remembered("RS", "RP")) == pytest.approx(dict.fromkeys(MOVES, 1 / 3))


def test_the_greedy_follow_the_values_and_the_wary_what_beats_the_high_one() -> None:
    greedy, shy, wary = (odds(replace(CALM, **one)) for one in ({"greed": 2}, {"greed": -2}, {"wariness": 1}))
    assert greedy[R] < greedy[P] < greedy[S]
    assert shy[R] > shy[P] > shy[S]
    assert wary[R] > wary[P] == pytest.approx(wary[S])


def test_nerve_takes_the_high_one_when_behind() -> None:
    behind, level, ahead = (odds(replace(CALM, nerve=1), Position(VALUES, Scores(50 + by, 50))) for by in (-30, 0, 30))
    assert behind[S] > level[S] > ahead[S]
    assert behind[R] == pytest.approx(behind[P])


def test_balance_alone_is_the_balanced_mix() -> None:
    at = Position(VALUES, Scores(player=90, bot=40))
    _, mix, _ = equilibrium(stakes(40, 90, VALUES))
    assert list(odds(replace(CALM, balance=1), at).values()) == pytest.approx(list(mix))


def test_mood_makes_habits_firmer_and_leaves_values_alone() -> None:
    weights = tuple(float(name == "up after a win") for name in CUES)
    won = remembered("RS")
    faint, firm = (Temper(weights, CALM).odds(LEVEL, won, mood)[1] for mood in (0.7, 2))
    assert 1 / 3 < faint < firm
    greedy = Temper(BLANK, replace(CALM, greed=1))
    assert greedy.odds(LEVEL, won, 0.7) == greedy.odds(LEVEL, won, 2)


class Watched(Random):
    """Notes the odds of each throw."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.odds: list[list[float]] = []

    def choices(self, *given, **more):  # type: ignore[no-untyped-def]
        self.odds.append(list(given[1]))
        return super().choices(*given, **more)


def test_a_person_remembers_the_opponent_from_match_to_match() -> None:
    """Each throw has the odds of a memory that saw all rounds, with a new match where the history starts again."""
    random = Watched(3)
    person, memory = Person(random), Memory()
    for length in (6, 9, 4):
        history: list[Past] = []
        memory.begin()
        for _ in range(length):
            mine = person(LEVEL, history, random)
            assert random.odds.pop() == pytest.approx(list(person._temper.odds(LEVEL, memory, person._mood)))
            history.append(Past(VALUES, mine, random.choice(MOVES)))
            if len(history) < length:  # nobody is asked after the last round
                memory.learn(MOVES.index(mine), MOVES.index(history[-1].theirs))


def test_people_differ_and_their_moods_change_now_and_then() -> None:
    random = Random(5)
    people = [Person(random) for _ in range(300)]
    assert len({person._temper for person in people}) == 300
    before = [person._mood for person in people]
    for person in people:
        for _ in range(80):
            person(LEVEL, [], random)
    changed = sum(then != person._mood for then, person in zip(before, people, strict=True)) / 300
    assert changed == pytest.approx((1 - (1 - CHANGE) ** 80) * 2 / 3, abs=0.09)  # one in three is drawn again


def test_values_matter_to_most_people_and_not_alike() -> None:
    random = Random(6)
    highest = [Temper.drawn(random).odds(LEVEL, Memory(), 1)[2] for _ in range(500)]
    assert 0.36 < sum(highest) / 500 < 0.46
    assert min(highest) < 0.2 and max(highest) > 0.6


def test_a_drawn_person_is_like_a_recorded_one_and_none_of_them() -> None:
    random = Random(7)
    recorded = fitted().people
    drawn = [fitted().drawn(random) for _ in range(2000)]
    assert not set(drawn) & set(recorded)
    for at in range(len(CUES)):
        here, there = ([weights[at] for weights in them] for them in (drawn, recorded))
        assert sum(here) / len(here) == pytest.approx(sum(there) / len(there), abs=0.12)


def test_the_file_is_small_and_tells_where_it_is_from() -> None:
    content = files("trainer.sparring").joinpath(temperaments.FILE).read_bytes()
    found = decode(content)
    assert len(content) <= 200_000
    assert "Brockbank & Vul" in found.source and "CC0 1.0" in found.licence
    assert (len(found.people), found.players) == (299, 299)
    assert {len(weights) for weights in found.people + found.unsure} == {len(CUES)}


def test_temperaments_of_other_cues_are_refused() -> None:
    with pytest.raises(ValueError, match="of other cues: own"):
        decode(json.encode(replace(fitted(), cues=("own",))))


RECORDED = {
    "share of rock": 0.307,
    "share of scissors": 0.353,
    "share of a win": 0.447,
    "share of a loss": 0.279,
    "stay after a draw": 0.308,
    "up after a draw": 0.348,
    "stay after a win": 0.303,
    "up after a win": 0.368,
    "stay after a loss": 0.260,
    "up after a loss": 0.352,
}
"""Means of the 299 recorded people, from the study."""
FORETOLD = {"frequency": 0.380, "markov2": 0.569, "hedge": 0.595}


@pytest.fixture(scope="module")
def cohort() -> list[list[tuple[int, int]]]:
    random = Random(8)
    return [simulated(fitted().drawn(random), KINDS[at % len(KINDS)], 300, random) for at in range(120)]


def test_simulated_people_do_what_recorded_people_did(cohort: list[list[tuple[int, int]]]) -> None:
    of_each = [dict(zip(FIGURES, figures(throws), strict=True)) for throws in cohort]
    for name, mean in RECORDED.items():
        assert sum(one[name] for one in of_each) / len(cohort) == pytest.approx(mean, abs=0.08), name


def test_simulated_people_are_foretold_as_often_as_recorded_ones(cohort: list[list[tuple[int, int]]]) -> None:
    for name, share in foretold(cohort).items():
        assert share == pytest.approx(FORETOLD[name], abs=0.05), name


def test_the_odds_are_a_distribution_however_strong_the_leanings() -> None:
    random = Random(9)
    memory = remembered("RS", "PP", "SR", "RS")
    for scale in (1, 10, 300):
        said = softmax(spoken(tuple(scale * weight for weight in fitted().drawn(random)), memory, 2))
        assert sum(said) == pytest.approx(1) and min(said) >= 0
