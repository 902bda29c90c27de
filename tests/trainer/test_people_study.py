"""The study that fits temperaments: it finds what was put in, foretells honestly, and reads what may be published."""

import csv
import gzip
from collections.abc import Callable
from itertools import product
from pathlib import Path
from random import Random

import numpy as np
import pytest

from trainer.data.columns import Floats
from trainer.errors import TrainerError
from trainer.fitting.mixed_logit import Population, Seen, fit, odds
from trainer.league.games import COLUMNS, KIND
from trainer.sparring.memory import CUES
from trainer.sparring.study.judge import PEOPLE, log_likelihoods
from trainer.sparring.study.laboratory import ADAPTIVE, FAITHFUL, KINDS, STABLE, opponent, simulated
from trainer.sparring.study.likeness import FIGURES, compare, distance, figures
from trainer.sparring.study.recorded import Throws, see
from trainer.sparring.study.study import Study, lines, run
from trainer.sparring.temperaments import CHANGE, decode, fitted

ONE_MOOD = (1.0,)


def normal(players: int, rounds: int, random: Random) -> tuple[Floats, list[Throws]]:
    """People whose weights are normal around what is usual, and their throws."""
    usual = np.array(fitted().people).mean(axis=0)
    weights = usual + np.array([[random.gauss(0, 0.6) for _ in CUES] for _ in range(players)])
    return weights, [
        simulated(tuple(row.tolist()), KINDS[at % len(KINDS)], rounds, random) for at, row in enumerate(weights)
    ]


@pytest.fixture(scope="module")
def known() -> tuple[Floats, list[Seen], Population]:
    weights, throws = normal(40, 250, Random(1))
    seen = [see(one) for one in throws]
    return weights, seen, fit(seen, turns=8)


def test_the_fit_finds_who_weighs_what(known: tuple[Floats, list[Seen], Population]) -> None:
    weights, _, found = known
    assert np.corrcoef(weights.mean(axis=0), found.mean)[0, 1] > 0.8
    apart, truly = found.people - found.mean, weights - weights.mean(axis=0)
    assert np.corrcoef(apart.ravel(), truly.ravel())[0, 1] > 0.5


def test_who_is_hardly_known_is_taken_for_usual(known: tuple[Floats, list[Seen], Population]) -> None:
    """From fewer rounds, more of what sets people apart is unsure."""
    _, seen, whole = known
    short = fit([one.first(20) for one in seen], turns=8)
    hardly, well = (np.trace(found.unsure) / np.trace(found.between) for found in (short, whole))
    assert hardly > 1.5 * well


def test_the_fit_is_likelier_than_any_near_it(known: tuple[Floats, list[Seen], Population]) -> None:
    """Given the population, each person stands on its own peak."""
    _, seen, found = known
    precision = np.linalg.inv(found.between)

    def height(at: int, weights: Floats) -> float:
        said = np.log(odds(seen[at].cues, weights)[np.arange(len(seen[at])), seen[at].thrown]).sum()
        apart = weights - found.mean
        return float(said - apart @ precision @ apart / 2)

    random = np.random.default_rng(2)
    for at in range(5):
        peak = height(at, found.people[at])
        for _ in range(20):
            assert height(at, found.people[at] + random.normal(0, 0.3, len(CUES))) < peak


def test_a_fixed_mood_and_person_foretell_by_their_odds(known: tuple[Floats, list[Seen], Population]) -> None:
    _, seen, found = known
    said = odds(seen[0].cues, found.people[0])[np.arange(len(seen[0])), seen[0].thrown]
    assert log_likelihoods(seen[0], found.people[:1], ONE_MOOD) == pytest.approx(np.log(said))


def test_unknown_people_and_moods_are_summed_over_all_that_they_may_be() -> None:
    """Against every person and every course of moods over four rounds, one by one."""
    weights, moods = np.array(fitted().people[:2]), (0.5, 2.0)
    seen = see([(0, 1), (1, 1), (1, 2), (0, 0)])
    total = 0.0
    for person, course in product(weights, product(range(2), repeat=4)):
        chance = 1 / 4
        for row, mood in enumerate(course):
            if row:
                chance *= CHANGE / 2 + (1 - CHANGE) * (mood == course[row - 1])
            chance *= odds(seen.cues[row : row + 1], moods[mood] * person)[0, seen.thrown[row]]
        total += chance
    assert log_likelihoods(seen, weights, moods).sum() == pytest.approx(np.log(total))


def test_a_round_is_seen_before_it_is_thrown() -> None:
    throws = [(0, 1), (1, 1), (2, 0), (0, 0)]
    changed = see([*throws[:2], (0, 2), (1, 1)])
    assert (see(throws).cues[:3] == changed.cues[:3]).all()
    assert (see(throws).cues[3] != changed.cues[3]).any()
    assert see(throws).cues.shape == (4, 3, len(CUES)) and see(throws).thrown.tolist() == [0, 1, 2, 0]


RULES: list[tuple[str, Callable[[Throws], int]]] = [
    ("bot:prev_move_positive", lambda past: past[-1][1] + 1),
    ("bot:prev_move_negative", lambda past: past[-1][1] + 2),
    ("bot:opponent_prev_move_nil", lambda past: past[-1][0]),
    ("bot:opponent_prev_move_positive", lambda past: past[-1][0] + 1),
    ("bot:win_nil_lose_positive", lambda past: past[-1][1] + {0: 2, 1: 1, 2: 0}[(past[-1][0] - past[-1][1]) % 3]),
    ("bot:win_positive_lose_negative", lambda past: past[-1][1] + {0: 0, 1: 2, 2: 1}[(past[-1][0] - past[-1][1]) % 3]),
]


@pytest.mark.parametrize(("kind", "rule"), RULES)
def test_a_stable_opponent_keeps_to_its_rule_nine_times_in_ten(kind: str, rule: Callable[[Throws], int]) -> None:
    past = simulated((0.0,) * len(CUES), kind, 2000, Random(3))
    kept = sum(past[at][1] == rule(past[:at]) % 3 for at in range(2, 2000)) / 1998
    assert kept == pytest.approx(FAITHFUL, abs=0.025)


def test_the_opponent_of_two_rounds_looks_at_its_last_step_too() -> None:
    """Neither alone tells the next step: each leaves all three."""
    step = STABLE["bot:outcome_transition_dual_dependency"]
    assert all({step(outcome, last) for last in range(3)} == {0, 1, 2} for outcome in range(3))
    assert all({step(outcome, last) for outcome in range(3)} == {0, 1, 2} for last in range(3))


COPIED = ("adaptive:bot_prev_move", "adaptive:opponent_courn_transitions")
"""These look at what the player makes of their last throw."""


@pytest.mark.parametrize("kind", ADAPTIVE)
def test_an_adaptive_opponent_finds_out_who_does_what_it_looks_at(kind: str) -> None:
    """It always wins in the end: some against one who copies its last throw, the others against one who goes round."""
    other, past = opponent(kind, Random(4)), list[tuple[int, int]]()
    for number in range(120):
        mine = past[-1][1] if kind in COPIED and past else number % 3
        theirs = other.throw(past)
        other.learn(past, mine)
        past.append((mine, theirs))
    assert all((theirs - mine) % 3 == 1 for mine, theirs in past[60:])


def test_figures_count_shares_and_steps() -> None:
    found = dict(zip(FIGURES, figures([(0, 2), (0, 1), (1, 1), (2, 0)]), strict=True))
    assert (found["share of rock"], found["share of a win"], found["share of a loss"]) == (0.5, 0.25, 0.5)
    assert found["stay after a win"] == pytest.approx(1.5 / 2.5)
    assert found["up after a loss"] == pytest.approx(1.5 / 2.5)
    assert found["up after a draw"] == pytest.approx(1.5 / 2.5)


def test_distance_is_how_far_each_would_have_to_go() -> None:
    one = np.random.default_rng(5).random(50)
    assert distance(one, one) == 0
    assert distance(one, one + 0.25) == pytest.approx(0.25)


def test_other_people_are_told_from_like_ones() -> None:
    """Who throws anything is nothing like the recorded people; who is drawn after them is."""
    random = Random(6)
    theirs, like = (
        [simulated(fitted().drawn(random), KINDS[at % len(KINDS)], 150, random) for at in range(60)] for _ in range(2)
    )
    unlike = [simulated((0.0,) * len(CUES), KINDS[at % len(KINDS)], 150, random) for at in range(60)]
    near, far = compare(theirs, like), compare(theirs, unlike)
    assert sum(one.distance for one in near.figures.values()) < sum(one.distance for one in far.figures.values()) / 2
    there, here = far.foretold["hedge"]
    assert there - here > 0.15 > abs(near.foretold["hedge"][0] - near.foretold["hedge"][1])


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty games that may be published, of people as the fitted ones are, and one that may not."""
    folder = tmp_path_factory.mktemp("recordings")
    random = Random(7)
    with gzip.open(folder / "games.csv.gz", "wt", newline="") as file:
        rows = csv.writer(file)
        rows.writerow([*COLUMNS, KIND])
        for at in range(31):
            kind = KINDS[at % len(KINDS)]
            for number, throw in enumerate(simulated(fitted().drawn(random), kind, 100, random), 1):
                rows.writerow(["lab", f"g{at}", f"p{at}", number, *("RPS"[move] for move in throw), kind])
    (folder / "free.csv").write_text("game_id\n" + "".join(f"g{at}\n" for at in range(30)))
    return folder


@pytest.fixture(scope="module")
def study(recordings: Path) -> Study:
    told: list[tuple[str, float]] = []

    def hear(what: str, share: float) -> None:
        told.append((what, share))

    found = run(recordings / "games.csv.gz", recordings / "free.csv", recordings / "out.json", 1, hear)
    assert told[0] == ("games.csv.gz: 3000 rounds in 30 games that may be published", 0.0)
    return found


def test_people_are_foretold_better_than_by_counting(study: Study) -> None:
    assert (study.players, study.rounds) == (30, 3000)
    for rates in (study.judged.later, study.judged.strangers):
        assert rates[PEOPLE].mean > max(rates["frequency"].mean, rates["markov2"].mean)
        assert rates["uniform"].mean == pytest.approx(-np.log(3))


def test_what_is_written_can_be_played_by(study: Study, recordings: Path) -> None:
    content = (recordings / "out.json").read_bytes()
    found = decode(content)
    assert (found.players, found.rounds, len(found.people)) == (30, 3000, 30)
    drawn = found.drawn(Random(0))
    assert len(drawn) == len(CUES) and drawn not in found.people
    assert len(simulated(drawn, KINDS[0], 20, Random(0))) == 20
    assert b"g1" not in content and b"p1" not in content


def test_the_lines_tell_every_figure(study: Study) -> None:
    told = "\n".join(lines(study))
    for name in (*study.judged.later, *study.likeness.figures, *study.likeness.foretold):
        assert name in told
    assert f"{study.judged.later[PEOPLE].mean:.4f}" in told


@pytest.mark.parametrize(
    ("file", "free", "out", "fault"),
    [
        ("none.csv.gz", "free.csv", "x.json", "none.csv.gz cannot be read"),
        ("games.csv.gz", "none.csv", "x.json", "none.csv cannot be read as a list of games"),
        ("games.csv.gz", "other.csv", "x.json", "None of the games in .* stands in"),
        ("games.csv.gz", "one.csv", "x.json", "too few games"),
        ("games.csv.gz", "free.csv", "there/is/none.json", "There is no folder"),
    ],
)
def test_faults_are_one_clear_line(recordings: Path, file: str, free: str, out: str, fault: str) -> None:
    (recordings / "other.csv").write_text("game_id\nelsewhere\n")
    (recordings / "one.csv").write_text("game_id\ng3\n")
    with pytest.raises(TrainerError, match=fault):
        run(recordings / file, recordings / free, recordings / out, 0, lambda what, share: None)
    assert not (recordings / "x.json").exists()
