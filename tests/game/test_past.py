"""What models that follow a player are told: everything of the latest rounds, and never too many of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json
from support.play import answer, opening, play_out, question, records, throw

from game import match as rules
from game import records as log
from game.fold import begin, rebuild
from game.knowledge import NOTHING, Knowledge
from game.moves import INDEX, MOVES
from game.past import BEGINS, FULL, KEPT, LONGEST, PastRound, begun, is_past, lengthened, place, recall, values_at
from game.points import BASES, DRAW, TARGET, round_values
from game.records import Closed
from game.state import Match

throws = st.lists(st.tuples(st.sampled_from(MOVES), st.sampled_from(MOVES)), max_size=30)


def remembered(match: Match) -> list[PastRound]:
    """The rounds of a match as its past should tell them."""
    found, lead = [], 0
    for one in match.rounds:
        low, base = place(one.sealed.values)
        player, bot = INDEX[one.played.player_move], INDEX[one.played.bot_move]
        found.append(PastRound(player, bot, low, base, lead, first=not found))
        lead = one.played.scores.player - one.played.scores.bot
    return found


def played(matches: int) -> bytes:
    """The past after so many matches."""
    past = b""
    for number in range(matches):
        match, _ = play_out(opening(seed=f"{number:032x}", known=Knowledge(past=past)))
        past = match.known.past
    return past


def test_values_are_told_by_the_low_move_and_the_base() -> None:
    assert {place(round_values("ab" * 16, round)) for round in range(200)} == {
        (low, base) for low in range(len(MOVES)) for base in range(len(BASES))
    }
    for round in range(200):
        values = round_values("ab" * 16, round)
        assert values_at(*place(values)) == values


@given(throws)
def test_every_round_has_a_byte_of_its_own(thrown) -> None:
    past = begun(b"")
    for round, (player, bot) in enumerate(thrown, start=1):
        past = lengthened(past, player, bot, round_values("cd" * 16, round))
    assert len(past) == 1 + len(thrown)
    assert is_past(past)
    assert [(MOVES[one.player], MOVES[one.bot]) for one in recall(past)] == thrown
    assert [(one.low, one.base) for one in recall(past)] == [
        place(round_values("cd" * 16, round)) for round in range(1, len(thrown) + 1)
    ]
    assert [one.first for one in recall(past)] == [not at for at in range(len(thrown))]


def test_a_match_is_remembered_as_it_was_played() -> None:
    first, _ = play_out()
    assert list(recall(first.known.past)) == remembered(first)
    second, _ = play_out(opening(seed="0" * 32, known=first.known))
    assert list(recall(second.known.past)) == [*remembered(first), *remembered(second)]
    assert second.known.past.startswith(first.known.past)


def test_reading_on_from_anywhere_tells_the_same_rounds() -> None:
    past = played(3)
    whole = list(recall(past))
    for start in range(len(past) + 1):
        read_before = sum(code != BEGINS for code in past[:start])
        assert list(recall(past, start)) == whole[read_before:]


def test_the_models_are_told_the_past_before_the_round() -> None:
    match, effects = rules.start(opening())
    assert question(effects).past == bytes([BEGINS])
    match, effects = rules.step(match, answer(question(effects)))
    match, effects = rules.step(match, throw(1, MOVES[0]))
    assert question(effects).past == match.known.past
    assert len(question(effects).past) == 2


def test_the_log_alone_gives_the_past() -> None:
    match, effects = play_out(opening(known=Knowledge(past=played(2))))
    told = [log.decode(log.encode(record)) for record in records(effects)]
    assert rebuild(told).known.past == match.known.past
    closed = told[-1]
    assert isinstance(closed, Closed)
    assert closed.known.past == match.known.past


def test_knowledge_from_before_there_was_a_past_is_read() -> None:
    old = json.encode(NOTHING)[: -len(b',""]')] + b"]"
    assert json.decode(old, type=Knowledge) == NOTHING
    assert begin(opening(known=json.decode(old, type=Knowledge))).known.past == bytes([BEGINS])


def test_only_whole_matches_are_forgotten_and_only_when_another_begins() -> None:
    past, forgot = b"", 0
    for number in range(60):
        match, _ = play_out(opening(seed=f"{number:032x}", known=Knowledge(past=past)))
        begins = begin(match.opened).known.past
        if begins != past + bytes([BEGINS]):
            forgot += 1
            assert len(past) >= FULL
            assert past.endswith(begins[:-1])
            assert begins[0] == past[len(past) - len(begins) + 1] == BEGINS
            assert KEPT - 25 < len(begins) <= KEPT + 1
        assert match.known.past.startswith(begins)
        assert len(match.known.past) <= LONGEST
        past = match.known.past
    assert forgot > 1


def test_a_past_in_which_no_match_begins_is_forgotten_whole() -> None:
    assert begun(bytes(FULL)) == bytes([BEGINS])
    assert begun(bytes(FULL - 1)) == bytes(FULL - 1) + bytes([BEGINS])


def test_the_longest_match_after_the_fullest_past_is_a_past() -> None:
    """All draws: nothing gives fewer points in a round."""
    match, effects = rules.start(opening(known=Knowledge(past=bytes(FULL - 1))))
    while match.closed is None:
        match, effects = rules.step(match, answer(question(effects)))
        assert match.sealed is not None
        match, effects = rules.step(match, throw(match.round, match.sealed.move))
    assert len(match.rounds) == TARGET // DRAW
    assert is_past(match.known.past)


def test_what_a_player_leaves_in_a_record_is_bounded() -> None:
    longest = Knowledge(past=bytes([BEGINS]) * LONGEST)
    assert len(json.encode(longest)) < 1000


@pytest.mark.parametrize("given", [bytes([135]), bytes([254]), bytes([BEGINS, 3, 200]), bytes(LONGEST + 1)])
def test_other_bytes_are_no_past(given: bytes) -> None:
    assert not is_past(given)


@pytest.mark.parametrize("given", [b"", bytes([BEGINS]), bytes([BEGINS, 0, 134]), bytes(LONGEST)])
def test_what_can_be_a_past(given: bytes) -> None:
    assert is_past(given)
