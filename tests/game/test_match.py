"""The match: what is allowed, what is told when, and that any order of events keeps it sound."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.play import NONCE, SEED, answer, opening, play_out, predictions, question, records, throw, told

from game import match as rules
from game.errors import AlreadyMoved, GameError, MatchOver, RoundNotOpen, StaleRound
from game.events import Answer, Ask, Leave, Tell, Throw, Write
from game.fairness import commitment, opens, sha256_hex
from game.fold import rebuild
from game.gambits import SCRIPTS, Gambit
from game.moves import MOVES, Move, Outcome
from game.points import TARGET, by_rank, round_values
from game.records import Closed, Input, Played, Reason, Sealed, Source, Winner
from game.state import NO_MODEL
from game.transcript import transcript, verify
from game.wire import Matched, Over, Result, Round

ROCK, PAPER, SCISSORS = MOVES


def opened_round(round: int = 1):
    """A match whose round `round` is open, rock having been thrown so far."""
    match, effects = rules.start(opening())
    match, effects = rules.step(match, answer(question(effects)))
    for number in range(1, round):
        match, effects = rules.step(match, throw(number, ROCK))
        match, effects = rules.step(match, answer(question(effects)))
    return match


def test_a_match_begins_by_writing_telling_and_asking_in_this_order() -> None:
    match, effects = rules.start(opening())
    assert [type(effect) for effect in effects] == [Write, Tell, Ask]
    assert told(effects) == [Matched("m1", 1, "brian", TARGET, sha256_hex(SEED))]
    assert SEED not in repr(told(effects))
    assert match.round == 1


def test_a_round_opens_with_a_seal_and_without_a_word_of_the_move() -> None:
    match, effects = rules.start(opening())
    match, effects = rules.step(match, answer(question(effects)))
    (sealed,) = records(effects)
    assert isinstance(sealed, Sealed)
    assert told(effects) == [
        Round("m1", 2, 1, round_values(SEED, 1), match.scores, commitment(sealed.reveal)),
    ]


def test_the_result_reveals_what_was_sealed() -> None:
    match = opened_round(5)
    sealed = match.sealed
    match, effects = rules.step(match, throw(5, PAPER))
    assert [type(effect) for effect in effects] == [Write, Tell, Ask]
    (result,) = told(effects)
    assert isinstance(result, Result)
    reveal = opens(result.reveal, commitment(sealed.reveal))
    assert (reveal.match, reveal.round, reveal.move, reveal.nonce) == ("m1", 5, result.bot_move, NONCE)
    assert reveal.version == "brian-b"
    assert result.thought.probabilities == {ROCK: 0.5, PAPER: 0.3, SCISSORS: 0.2} == reveal.probabilities
    assert result.seq == 11


@pytest.mark.parametrize("gambit", Gambit)
def test_the_first_three_rounds_follow_the_gambit(gambit: Gambit) -> None:
    match, _ = play_out(opening(gambit=gambit))
    for rank, round in zip(SCRIPTS[gambit], match.rounds, strict=False):
        assert round.sealed.source is Source.GAMBIT
        assert round.sealed.move is by_rank(round.sealed.values)[rank]
    assert all(round.sealed.source is Source.MODEL for round in match.rounds[3:])


def test_without_a_model_the_equilibrium_plays_and_says_so() -> None:
    match, _ = play_out(given={})
    assert {round.sealed.source for round in match.rounds[3:]} == {Source.FALLBACK}
    assert {round.sealed.version for round in match.rounds} == {NO_MODEL}
    assert match.closed.version == NO_MODEL
    assert all(sum(round.sealed.probabilities) == pytest.approx(1) for round in match.rounds)


def test_the_match_names_the_last_model_that_served_it() -> None:
    match, effects = rules.start(opening())
    match, effects = rules.step(match, answer(question(effects)))
    match, effects = rules.step(match, throw(1, ROCK))
    match, _ = rules.step(match, answer(question(effects), given={}))
    assert match.version == "brian-b"


def test_the_same_throw_again_is_answered_the_same() -> None:
    match = opened_round(1)
    after, first = rules.step(match, throw(1, ROCK))
    again, second = rules.step(after, throw(1, ROCK))
    assert again is after
    assert told(first) == told(second)
    assert not records(second)


@pytest.mark.parametrize(
    ("event", "error"),
    [
        (throw(1, PAPER), AlreadyMoved),
        (throw(3, ROCK), StaleRound),
        (Answer(Ask(2, b""), {}, 0.5, NONCE, 1), StaleRound),
        (Answer(Ask(1, b""), {}, 0.5, NONCE, 1), StaleRound),
    ],
)
def test_what_does_not_fit_the_open_round_is_refused(event, error) -> None:
    match = opened_round(2)
    before = repr(match)
    with pytest.raises(error):
        rules.step(match, event)
    assert repr(match) == before


def test_a_throw_before_the_seal_is_refused() -> None:
    match, _ = rules.start(opening())
    with pytest.raises(RoundNotOpen):
        rules.step(match, throw(1, ROCK))


def test_after_the_end_nothing_moves() -> None:
    match, _ = play_out()
    last = match.rounds[-1].played
    with pytest.raises(MatchOver):
        rules.step(match, throw(match.round, ROCK))
    with pytest.raises(MatchOver):
        rules.step(match, Answer(Ask(match.round, b""), {}, 0.5, NONCE, 1))
    same, effects = rules.step(match, throw(last.round, last.player_move))
    assert same is match
    assert isinstance(told(effects)[0], Result)
    same, effects = rules.step(match, Leave(Reason.LEFT, 9))
    assert same is match
    assert isinstance(told(effects)[0], Over)


def test_who_leaves_gives_the_match_to_the_bot() -> None:
    match, effects = rules.step(opened_round(4), Leave(Reason.LEFT, at=9))
    (over,) = told(effects)
    assert (over.winner, over.reason, over.rounds, over.seq) == (Winner.BOT, Reason.LEFT, 3, 9)
    assert over.seed == SEED
    assert verify(transcript(match, match.closed)) == []


@pytest.mark.parametrize(
    ("moves", "winner"),
    [
        (lambda match: match.sealed.move, Winner.TIE),
        (lambda match: {ROCK: PAPER, PAPER: SCISSORS, SCISSORS: ROCK}[match.sealed.move], Winner.PLAYER),
        (lambda match: {ROCK: SCISSORS, PAPER: ROCK, SCISSORS: PAPER}[match.sealed.move], Winner.BOT),
    ],
)
def test_the_higher_score_wins_and_equal_scores_tie(moves, winner: Winner) -> None:
    match, effects = rules.start(opening())
    while match.closed is None:
        match, effects = rules.step(match, answer(question(effects)))
        match, effects = rules.step(match, throw(match.round, moves(match)))
    assert [type(record) for record in records(effects)] == [Played, Closed]
    assert match.closed.winner is winner
    result, over = told(effects)
    assert over.seq == result.seq + 1
    assert over.served_by.version == "brian-b"
    assert max(match.scores.player, match.scores.bot) >= TARGET


def test_resuming_asks_only_where_a_seal_is_missing() -> None:
    match, effects = rules.start(opening())
    assert rules.resume(match) == [question(effects)]
    sealed, _ = rules.step(match, answer(question(effects)))
    assert rules.resume(sealed) == []
    over, _ = rules.step(match, Leave(Reason.LEFT, 2))
    assert rules.resume(over) == []


EVENTS = st.one_of(
    st.builds(Throw, st.integers(1, 30), st.sampled_from(MOVES), st.sampled_from(Input), st.just(1)),
    st.sampled_from(["answer", "answer", "silence", "next", "next", "next"]),
    st.just(Leave(Reason.LEFT, 1)) | st.just("next"),
)


@given(st.lists(EVENTS, max_size=80), st.integers(0, 2**128 - 1), st.floats(0, 0.999), st.sampled_from(MOVES))
@settings(max_examples=150)
def test_any_order_of_events_keeps_the_match_sound(events, seed: int, draw: float, favourite: Move) -> None:
    match, effects = rules.start(opening(f"{seed:032x}"))
    written, heard = records(effects), told(effects)
    for event in events:
        if isinstance(event, str):
            event = concrete(event, match, draw, favourite)
        try:
            match, effects = rules.step(match, event)
        except GameError:
            continue
        written += records(effects)
        heard += [message for message in told(effects) if message.seq > heard[-1].seq]
    assert rebuild(written) == match
    assert [message.seq for message in heard] == list(range(1, len(heard) + 1))
    assert all(max(round.played.scores.player, round.played.scores.bot) < TARGET for round in match.rounds[:-1])
    if match.closed is not None:
        assert verify(transcript(match, match.closed)) == []
        assert len([record for record in written if isinstance(record, Closed)]) == 1


def concrete(name: str, match, draw: float, favourite: Move):
    if name == "next" and match.sealed is not None:
        return throw(match.round, favourite)
    return answer(rules.question(match), {} if name == "silence" else predictions(), draw)


def test_outcome_is_recorded_in_the_players_view() -> None:
    match = opened_round(1)
    bot = match.sealed.move
    match, effects = rules.step(match, throw(1, {ROCK: PAPER, PAPER: SCISSORS, SCISSORS: ROCK}[bot]))
    assert records(effects)[0].outcome is Outcome.WIN
