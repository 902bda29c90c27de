"""The policy as it is played: what simulation shows must agree with what is known exactly, and with the guarantee."""

from math import sqrt
from random import Random
from statistics import fmean, stdev

import pytest

from game.equilibrium import value
from game.trust import BOUNDS, FRESH, MOST, STAKE, Trust
from trainer.policy.foreseen import IID
from trainer.policy.live import all_knowing, live, match, trusting, worst_case
from trainer.policy.race import believing, race, throwing
from trainer.policy.rounds import ahead

SLACK = 1e-9


def steady(number: int, random: Random) -> tuple[float, float, float]:
    return 0.45, 0.3, 0.25


def test_who_is_predicted_rightly_loses_and_more_so_once_that_is_known() -> None:
    found = live(careers=60, matches=6)
    for one in (found.iid_45_30_25, found.high_half):
        assert one.first_match.interval[0] > 0.6
        assert one.later_matches.wins > one.first_match.wins
    assert found.confidently_wrong.later_matches.wins == pytest.approx(0.5, abs=0.02)
    assert found.guessing.later_matches.interval[0] > 0.45
    for one in (found.all_knowing, found.confidently_wrong, found.guessing):
        assert one.first_match.wins >= value(0, 0) - STAKE - SLACK
        assert one.later_matches.wins >= value(0, 0) - STAKE - SLACK


@pytest.mark.parametrize("lean", [0.3, 0.7, 1.0])
def test_no_setting_gives_more_than_the_stake_to_one_who_knows_everything(lean: float) -> None:
    found = worst_case(lean, careers=20)
    assert value(0, 0) - STAKE - SLACK <= found.wins < 0.42
    assert found.interval[0] <= found.wins <= found.interval[1]


def test_at_no_lean_nothing_can_be_lost() -> None:
    assert worst_case(0.0, careers=5).wins == value(0, 0)


def test_one_who_knows_the_mix_wins_no_more_than_the_bank_of_each_match() -> None:
    known = Trust()
    for number in range(6):
        bank = max(known.bank, FRESH)
        total, known = match(trusting(steady, all_knowing), known, Random(number))
        assert -bank - SLACK <= total < 0


def test_with_all_trust_earned_it_wins_what_induction_says() -> None:
    turn = trusting(steady, lambda expected, edges, random: random.choices(range(3), expected)[0])
    edges = [match(turn, Trust(skill=BOUNDS[1], bank=MOST), Random(number))[0] for number in range(400)]
    exact = race(believing([IID], 1.0, ahead()), throwing(IID))[0, 0]
    assert value(0, 0) + fmean(edges) == pytest.approx(exact, abs=4 * stdev(edges) / sqrt(len(edges)))
