"""Who plays a match: even, sticky, and as often a control as was asked for."""

from collections import Counter
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.assignment import Alias, Arm, assign, follows

MATCHES = [f"match-{number}" for number in range(20_000)]
SIGMAS = 5
"""A right share lies farther out once in two million samples."""


def shares(share_b: float = 0.5, share_control: float = 0.0) -> Counter[Arm]:
    return Counter(assign("salt", match, share_b, share_control) for match in MATCHES)


def near(count: int, share: float) -> bool:
    spread = (len(MATCHES) * share * (1 - share)) ** 0.5
    return abs(count - len(MATCHES) * share) <= SIGMAS * spread


def test_assignment_is_fixed_by_the_salt() -> None:
    few = MATCHES[:200]
    first = [assign("salt", match, 0.5, 0.1) for match in few]
    assert first == [assign("salt", match, 0.5, 0.1) for match in few]
    assert first != [assign("other", match, 0.5, 0.1) for match in few]


@pytest.mark.parametrize(
    ("share_b", "share_control"), [(0.5, 0.0), (0.5, 0.02), (0.2, 0.3), (0.0, 0.5), (1.0, 0.5), (0.0, 0.0), (1.0, 0.0)]
)
def test_each_arm_has_its_share(share_b: float, share_control: float) -> None:
    found = shares(share_b, share_control)
    assert near(found[Arm.CONTROL], share_control)
    assert near(found[Arm.B], (1 - share_control) * share_b)
    assert near(found[Arm.PRODUCTION], (1 - share_control) * (1 - share_b))


@pytest.mark.parametrize("share_b", [0.0, 0.5, 1.0])
def test_every_match_can_be_a_control(share_b: float) -> None:
    assert set(shares(share_b, 1.0)) == {Arm.CONTROL}


@given(st.text(), st.text(), st.floats(0, 1))
def test_without_controls_one_threshold_parts_the_two_models(salt: str, match: str, share_b: float) -> None:
    point = int.from_bytes(sha256(f"{salt}:{match}".encode()).digest()[:8]) / 2**64
    assert assign(salt, match, share_b) is (Arm.B if point < share_b else Arm.PRODUCTION)


@given(st.text(), st.text(), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_more_controls_take_matches_and_give_none_back(
    salt: str, match: str, share_b: float, one: float, other: float
) -> None:
    few, many = sorted((one, other))
    if assign(salt, match, share_b, few) is Arm.CONTROL:
        assert assign(salt, match, share_b, many) is Arm.CONTROL


def test_a_model_is_followed_unless_the_match_is_a_control() -> None:
    assert {arm: follows(arm) for arm in Arm} == {
        Arm.PRODUCTION: Alias.PRODUCTION,
        Arm.B: Alias.B,
        Arm.CONTROL: None,
    }
