"""What a player may see, and what a browser that missed something is told."""

import re

import pytest
from support.play import NONCE, SEED, answer, opening, play_out, question, throw, told

from game import match as rules
from game.events import Leave
from game.records import Reason
from game.views import missed
from game.wire import Matched, Over, Result, Round, decode, encode


def test_what_was_missed_is_what_was_told() -> None:
    match, effects = play_out()
    heard = told(effects)
    for seen in range(len(heard)):
        assert missed(match, seen) == heard[seen:]


@pytest.mark.parametrize("seen", [0, 99])
def test_one_who_lacks_nothing_gets_a_snapshot(seen: int) -> None:
    match, _ = play_out()
    snapshot = missed(match, len(match.rounds) * 2 + 2 + seen)
    assert [type(message) for message in snapshot] == [Matched, Over]


def test_a_snapshot_before_the_first_round_is_the_announcement() -> None:
    match, _ = rules.start(opening())
    assert [type(message) for message in missed(match, 7)] == [Matched]


def test_the_open_round_is_told_with_the_same_commitment() -> None:
    match, effects = rules.start(opening())
    match, effects = rules.step(match, answer(question(effects)))
    assert missed(match, 1) == told(effects)
    assert [type(message) for message in missed(match, 2)] == [Matched, Round]


def test_a_match_left_in_an_open_round_ends_after_it() -> None:
    match, effects = rules.start(opening())
    match, effects = rules.step(match, answer(question(effects)))
    match, effects = rules.step(match, Leave(Reason.LEFT, 1))
    assert [message.seq for message in missed(match, 0)] == [1, 2, 3]


def test_nothing_secret_is_told_before_the_throw() -> None:
    """No prediction, version, alias, nonce or seed stands in any message about an open round."""
    match, effects = rules.start(opening())
    shown = "".join(encode(message) for message in told(effects))
    match, effects = rules.step(match, answer(question(effects)))
    shown += "".join(encode(message) for message in told(effects))
    for secret in (SEED, NONCE, "brian-", "probabilities", "alias", "Production", "shadow", "gambit", "mix"):
        assert secret not in shown
    match, effects = rules.step(match, throw(1, match.sealed.move))
    (result,) = told(effects)
    assert isinstance(result, Result)
    assert not re.search(f"{SEED}|Production|alias", encode(result))


def test_messages_to_the_server_are_closed() -> None:
    assert decode('{"type": "ping", "t": 3}').t == 3
    for bad in ('{"type": "ping", "t": 3, "x": 1}', '{"type": "dance"}', '{"type": "move", "match": "m", "round": 0}'):
        with pytest.raises(ValueError):
            decode(bad)
