"""Promotion: the test is never fooled more often than it says, and live judging and simulation are one formula."""

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from math import comb, exp, isclose, log
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec import json

from game.equilibrium import value
from game.knowledge import NOTHING
from game.records import Closed, Reason, Scores, Winner
from trainer import __main__ as command
from trainer.lifecycle import error_rates, promotion
from trainer.lifecycle.error_rates import SCENARIOS, measure, results
from trainer.lifecycle.promotion import Decision, Evidence, decide, fixed, foresight, log_e, observe, staked, worth

WON, TIED, LOST = 1.0, 0.5, 0.0
PRIORS = [promotion.RESULTS, promotion.FORESIGHT]
Pair = tuple[float, float]

matches = st.sampled_from([WON, TIED, LOST])
scores = matches | st.floats(0, 1)
sequences = st.lists(st.tuples(scores, scores), max_size=40)
states = st.builds(lambda prior, pairs: judged(pairs, prior), st.sampled_from(PRIORS), sequences)


def judged(pairs: Sequence[Pair], prior: int = promotion.RESULTS) -> Evidence:
    return reduce(lambda state, pair: observe(state, *pair), pairs, Evidence(prior=prior))


def evidence(state: Evidence) -> float:
    """ln E."""
    return float(log_e(np.array(state.wealth), state.prior))


def expected(state: Evidence, outcomes: Sequence[tuple[float, Pair]]) -> float:
    """The exact expectation of E after one more pair, as a share of E now."""
    now = evidence(state)
    return sum(chance * exp(evidence(observe(state, *pair)) - now) for chance, pair in outcomes)


def closed_form(won: int, lost: int, prior: int) -> float:
    """ln E of discordant pairs, in whole numbers: 1 - I_1/2(a, b) = P(Binomial(a + b - 1, 1/2) < a)."""

    def above_half(a: int, b: int) -> Fraction:
        """B(a, b) (1 - I_1/2(a, b))."""
        trials = a + b - 1
        tail = Fraction(sum(comb(trials, k) for k in range(a)), 2**trials)
        return tail / (trials * comb(trials - 1, a - 1))

    ratio = above_half(prior + won, prior + lost) / above_half(prior, prior) * 2 ** (won + lost)
    return log(ratio.numerator) - log(ratio.denominator)


def quadrature(pairs: Sequence[Pair], prior: int) -> float:
    """ln E by a midpoint sum that is much finer than the points of the mixture."""
    stakes = (np.arange(100_000) + 0.5) / 100_000
    weights = (1 - stakes**2) ** (prior - 1)
    wealth = np.prod([1 + stakes * (challenger - incumbent) for challenger, incumbent in pairs], axis=0)
    return float(np.log((weights * wealth).sum() / weights.sum()))


def ended(bot: int, player: int, reason: Reason = Reason.TARGET, round: int = 15) -> Closed:
    return Closed("m", round, Winner.BOT, reason, Scores(player, bot), "brian-1", NOTHING, at=1)


@given(states, st.lists(st.floats(0, 1), min_size=3, max_size=3), st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_no_distribution_that_favours_the_incumbent_makes_the_evidence_grow_in_expectation(
    state: Evidence, challenger: list[float], incumbent: list[float]
) -> None:
    assume(sum(challenger) > 0.01 and sum(incumbent) > 0.01)
    ours, theirs = (np.array(one) / sum(one) for one in (challenger, incumbent))
    kinds = np.array([WON, TIED, LOST])
    if ours @ kinds > theirs @ kinds:
        ours, theirs = theirs, ours
    outcomes = [(ours[i] * theirs[j], (kinds[i], kinds[j])) for i in range(3) for j in range(3)]
    assert expected(state, outcomes) <= 1 + 1e-9


@given(states, scores, scores)
def test_between_equals_the_evidence_keeps_its_expectation_exactly(state: Evidence, one: float, other: float) -> None:
    assert isclose(expected(state, [(0.5, (one, other)), (0.5, (other, one))]), 1, rel_tol=1e-9)


@given(states, matches)
def test_equal_results_leave_the_evidence_as_it_is(state: Evidence, result: float) -> None:
    assert observe(state, result, result).wealth == state.wealth
    assert evidence(Evidence(prior=state.prior)) == pytest.approx(0, abs=1e-12)


@given(states, scores, scores, scores)
def test_the_better_the_challenger_did_the_more_the_evidence(
    state: Evidence, one: float, other: float, against: float
) -> None:
    low, high = sorted((one, other))
    assert evidence(observe(state, low, against)) <= evidence(observe(state, high, against)) + 1e-12
    assert evidence(observe(state, against, high)) <= evidence(observe(state, against, low)) + 1e-12


@given(sequences, st.randoms(), st.sampled_from(PRIORS))
def test_the_order_of_pairs_does_not_matter_for_the_evidence(pairs: list[Pair], random: Random, prior: int) -> None:
    shuffled = random.sample(pairs, len(pairs))
    assert isclose(evidence(judged(pairs, prior)), evidence(judged(shuffled, prior)), abs_tol=1e-9)


@given(sequences, st.integers(0, 40))
def test_a_state_kept_and_read_back_goes_on_as_if_rebuilt_from_the_log(pairs: list[Pair], at: int) -> None:
    kept = json.decode(json.encode(judged(pairs[:at])), type=Evidence)
    assert reduce(lambda state, pair: observe(state, *pair), pairs[at:], kept) == judged(pairs)


@given(st.lists(sequences.filter(lambda pairs: len(pairs) >= 5).map(lambda pairs: pairs[:5]), min_size=1, max_size=8))
def test_many_tests_side_by_side_are_the_same_formula(tests: list[list[Pair]]) -> None:
    wealth = np.zeros((len(tests), promotion.POINTS))
    for pair in range(5):
        wealth = staked(wealth, np.array([test[pair][0] - test[pair][1] for test in tests]))
    for one, together in zip(tests, log_e(wealth, promotion.RESULTS), strict=True):
        assert isclose(evidence(judged(one)), together, abs_tol=1e-9)


@settings(deadline=None)
@given(st.integers(0, 120), st.integers(0, 120), st.sampled_from(PRIORS))
def test_without_ties_it_is_the_closed_form_of_the_beta_mixture(won: int, lost: int, prior: int) -> None:
    found = evidence(judged([(WON, LOST)] * won + [(LOST, WON)] * lost, prior))
    assert found == pytest.approx(closed_form(won, lost, prior), abs=1e-9)


@pytest.mark.parametrize("prior", PRIORS)
def test_the_closed_form_and_ties_agree_with_quadrature(prior: int) -> None:
    plain = [(WON, LOST)] * 30 + [(LOST, WON)] * 12
    assert closed_form(30, 12, prior) == pytest.approx(quadrature(plain, prior), abs=1e-6)
    tied = [*plain, (WON, TIED), (WON, TIED), (TIED, WON), (LOST, TIED), (TIED, TIED)]
    assert evidence(judged(tied, prior)) == pytest.approx(quadrature(tied, prior), abs=1e-6)


def test_it_promotes_at_twenty_and_the_other_way_round_takes_back() -> None:
    state, pairs = Evidence(), 0
    while decide(state) is Decision.WAIT:
        assert evidence(state) < log(20)
        state, pairs = observe(state, WON, LOST), pairs + 1
    assert evidence(state) >= log(20) and state.pairs == pairs < 30
    assert decide(judged([(LOST, WON)] * pairs)) is Decision.WAIT


@pytest.mark.parametrize("score", [-0.1, 1.1, float("nan")])
def test_a_score_out_of_bounds_is_refused(score: float) -> None:
    for pair in [(score, 0.5), (0.5, score)]:
        with pytest.raises(ValueError, match="scores are in"):
            observe(Evidence(), *pair)


@pytest.mark.parametrize(
    ("pairs", "decision"),
    [
        ([(WON, LOST)] * 2, Decision.WAIT),
        ([(WON, LOST), (TIED, TIED), (LOST, LOST)], Decision.PROMOTE),
        ([(WON, LOST), (LOST, WON), (TIED, TIED)], Decision.WAIT),
        ([(WON, TIED), (TIED, WON), (LOST, LOST), (WON, WON)], Decision.WAIT),
        ([(0.1, 0.3), (0.2, 0.2), (0.3, 0.1)], Decision.WAIT),
        ([(LOST, TIED), (WON, WON), (WON, WON)], Decision.WAIT),
        ([(TIED, LOST), (WON, WON), (WON, WON)], Decision.PROMOTE),
    ],
)
def test_the_fixed_rule_takes_the_higher_rate_from_three_on_and_a_tie_keeps_production(
    pairs: list[Pair], decision: Decision
) -> None:
    assert fixed(judged(pairs)) is decision


def test_a_match_played_to_its_end_counts_as_who_won() -> None:
    assert [worth(ended(*score)) for score in [(105, 90), (90, 100), (100, 100), (104, 103)]] == [1, 0, 0.5, 1]


@pytest.mark.parametrize("reason", [Reason.LEFT, Reason.EXPIRED])
def test_an_abandoned_match_counts_what_its_scores_were_worth_once_a_model_chose(reason: Reason) -> None:
    assert worth(ended(30, 10, reason, round=3)) is None
    assert worth(ended(30, 10, reason, round=4)) == value(30, 10)
    assert worth(ended(95, 10, Reason.VOID)) is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_foresight_is_bounded_and_is_the_mean_log_loss_rescaled(probabilities: list[float]) -> None:
    least = promotion.LEAST
    losses = [-log(least + (1 - 3 * least) * p) for p in probabilities]
    scaled = (-log(least) - sum(losses) / len(losses)) / (log(1 - 2 * least) - log(least))
    assert 0 <= foresight(probabilities) <= 1
    assert foresight(probabilities) == pytest.approx(scaled, abs=1e-12)
    assert [foresight([0.0] * 3), foresight([1.0] * 3)] == pytest.approx([0, 1])


def test_made_up_results_have_the_mean_and_the_ties_they_claim() -> None:
    drawn = results(np.random.default_rng(1), 0.6, 400_000)
    assert drawn.mean() == pytest.approx(0.6, abs=0.004)
    assert (drawn == TIED).mean() == pytest.approx(error_rates.TIES, abs=0.0005)


def test_the_error_rates_hold_where_the_fixed_rules_do_not() -> None:
    found = measure(pairs=600, repetitions=300, seed=1)
    assert found["equal"].sequential.promoted <= 0.05 and found["minus5"].sequential.promoted <= 0.01
    assert found["plus10"].sequential.promoted >= 0.8
    assert found["equal"].fixed.promoted > 0.8 and found["minus5"].fixed.promoted > 0.5
    assert measure(pairs=600, repetitions=300, seed=1) == found


def test_the_simulation_judges_as_the_live_code_does() -> None:
    random = np.random.default_rng([3, 1])
    incumbent, challenger = SCENARIOS["plus10"]
    found = measure(pairs=1500, repetitions=1, seed=3)["plus10"]
    state, first = Evidence(), dict.fromkeys(["sequential", "fixed"], 0)
    for pair in range(1, 1501):
        won = float(results(random, challenger, 1)[0])
        state = observe(state, won, float(results(random, incumbent, 1)[0]))
        for rule, decision in (("sequential", decide(state)), ("fixed", fixed(state))):
            first[rule] = first[rule] or pair * (decision is Decision.PROMOTE)
    assert first == {"sequential": found.sequential.median_pairs or 0, "fixed": found.fixed.median_pairs or 0}
    assert first["sequential"] > 0


def test_the_command_shows_every_scenario_and_rule(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["promotion-sim", "--pairs", "40", "--repetitions", "50", "--seed", "1"]
    assert command.main([*arguments, "--json"]) == 0
    found = json.decode(capsys.readouterr().out)
    assert list(found) == ["equal", "plus10", "minus5"]
    for rates in found.values():
        assert list(rates) == ["sequential", "fixed"]
        for rate in rates.values():
            assert set(rate) == {"promoted", "median_pairs", "promoted_at_first_check"}
            assert (rate["median_pairs"] is None) == (rate["promoted"] == 0)
    assert command.main(arguments) == 0
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 7 and [line.split()[:2] for line in shown[1:3]] == [
        ["equal", "sequential"],
        ["equal", "fixed"],
    ]
    with pytest.raises(SystemExit):
        command.main(["promotion-sim", "--pairs", "0"])
