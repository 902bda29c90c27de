"""Intervals of rates that were counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.rates import wilson


@pytest.mark.parametrize(
    ("won", "trials", "low", "high"),
    [(0, 10, 0.0, 0.277533), (1, 10, 0.017876, 0.404150), (81, 263, 0.255289, 0.366210), (20, 20, 0.838875, 1.0)],
)
def test_intervals_are_wilsons(won: float, trials: int, low: float, high: float) -> None:
    assert wilson(won, trials) == pytest.approx((low, high), abs=2e-4)


@given(st.integers(1, 10**6), st.floats(0, 1))
def test_an_interval_holds_the_rate_and_stays_a_share(trials: int, share: float) -> None:
    low, high = wilson(share * trials, trials)
    assert 0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1


def test_half_a_part_counts_between_two_whole_ones() -> None:
    (low, _), (between, _), (high, _) = wilson(4, 10), wilson(4.5, 10), wilson(5, 10)
    assert low < between < high
