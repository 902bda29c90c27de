"""Seals and transcripts: what is fair verifies, and every kind of cheating is found."""

from hashlib import sha256

import pytest
from msgspec import json
from msgspec.structs import replace
from support.play import play_out

from game.fairness import canonical, commitment, opens
from game.moves import MOVES, Outcome
from game.records import Reason, Scores, Winner
from game.transcript import Transcript, transcript, verify

ROCK, PAPER, SCISSORS = MOVES


def finished() -> Transcript:
    match, _ = play_out()
    assert match.closed is not None
    return transcript(match, match.closed)


def changed(at: int, **changes: object) -> Transcript:
    told = finished()
    return replace(told, rounds=[replace(r, **changes) if i == at else r for i, r in enumerate(told.rounds)])


def test_a_fair_match_verifies() -> None:
    told = finished()
    assert verify(told) == []
    assert json.decode(json.encode(told), type=Transcript) == told


def test_a_seal_opens_only_with_its_own_text() -> None:
    round = finished().rounds[4]
    assert commitment(round.reveal) == sha256(round.reveal.encode()).hexdigest() == round.commitment
    reveal = opens(round.reveal, round.commitment)
    assert reveal is not None
    assert canonical(reveal) == round.reveal
    assert opens(round.reveal + " ", round.commitment) is None
    assert opens("{}", commitment("{}")) is None


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        (replace(finished(), seed="0" * 32), "does not hash"),
        (changed(2, values={ROCK: 10, PAPER: 11, SCISSORS: 17}), "values do not follow"),
        (changed(2, commitment="0" * 64), "does not open"),
        (changed(2, reveal="x"), "does not open"),
        (changed(2, round=9), "numbered 9"),
        (changed(2, scores=Scores(1, 1)), "do not add up"),
        (changed(2, gained=Scores(1, 1)), "do not follow the rules"),
        (replace(finished(), scores=Scores(100, 3)), "not those of the last round"),
        (replace(finished(), winner=Winner.TIE), "winner does not follow"),
        (replace(finished(), rounds=finished().rounds[:-1]), "before either side"),
        (replace(finished(), rounds=[*finished().rounds, finished().rounds[-1]]), "after the match had been decided"),
        (replace(finished(), reason=Reason.LEFT, winner=Winner.PLAYER), "winner does not follow"),
    ],
)
def test_every_kind_of_cheating_is_found(told: Transcript, fault: str) -> None:
    assert any(fault in found for found in verify(told))


def test_a_wrong_outcome_is_found() -> None:
    found = finished().rounds[2].outcome
    other = next(outcome for outcome in Outcome if outcome is not found)
    assert any("the outcome is" in fault for fault in verify(changed(2, outcome=other)))


def test_a_move_other_than_the_sealed_one_is_found() -> None:
    round = finished().rounds[2]
    other = next(move for move in MOVES if move is not round.bot_move)
    assert any("sealed move is not" in fault for fault in verify(changed(2, bot_move=other)))
