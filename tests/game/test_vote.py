"""The looks before a throw speak against it only where they outweigh it."""

from support.house import look

from game.gestures import Cause, Label
from game.vote import RECENT_S, supported


def test_a_throw_stands_by_itself() -> None:
    assert supported(look(Label.ROCK, 0.4), [])


def test_looks_that_agree_never_contradict() -> None:
    assert supported(look(Label.ROCK, 0.4), [(0.1, look(Label.ROCK)), (0.3, look(Label.PAPER))])


def test_recent_sure_looks_outvote_a_doubtful_throw() -> None:
    assert not supported(look(Label.PAPER, 0.7), [(0.05, look(Label.ROCK)), (0.25, look(Label.ROCK))])


def test_a_fist_swung_at_five_frames_a_second_does_not_outvote_an_open_hand() -> None:
    swung = [(age, look(Label.ROCK, 0.99)) for age in (0.2, 0.4, 0.6)]
    assert supported(look(Label.PAPER, 0.95), swung)
    assert not supported(look(Label.PAPER, 0.75), swung)


def test_unclear_and_old_looks_have_no_vote() -> None:
    unclear = [(0.0, look(Label.ROCK, 0.9, Cause.BLURRED))] * 9
    old = [(RECENT_S + 0.01, look(Label.ROCK))] * 99
    assert supported(look(Label.PAPER, 0.3), unclear + old)
