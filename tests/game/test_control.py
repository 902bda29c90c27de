"""Matches that the equilibrium plays, so that models can be compared with it."""

import pytest
from msgspec.structs import replace
from support.play import answer, opening, play_out, predictions, question, records, throw, told

from game import match as rules
from game import records as log
from game.assignment import Alias, Arm
from game.equilibrium import equilibrium, stakes
from game.fairness import commitment, opens
from game.fold import rebuild
from game.gambits import SCRIPTS, Gambit
from game.moves import MOVES
from game.points import by_rank
from game.records import Opened, PlayerKind, Prediction, Scores, Sealed, Source
from game.state import NO_MODEL
from game.transcript import transcript, verify
from game.views import by_move, missed
from game.wire import Over, encode

CONTROL = opening(arm=Arm.CONTROL)
GIVEN = [predictions(), {}, {Alias.SHADOW1: Prediction("s", (0.9, 0.05, 0.05))}]


@pytest.mark.parametrize("given", GIVEN, ids=["answered", "unanswered", "answered-in-part"])
def test_a_control_is_played_by_the_equilibrium_whatever_the_models_say(given: dict[Alias, Prediction]) -> None:
    match, _ = play_out(CONTROL, given=given)
    before = Scores(0, 0)
    for round in match.rounds:
        sealed = round.sealed
        mix, expected, _ = equilibrium(stakes(before.bot, before.player, sealed.values))
        reveal = opens(sealed.reveal, commitment(sealed.reveal))
        assert reveal is not None
        assert sealed.version == reveal.version == NO_MODEL
        assert sealed.probabilities == expected
        assert reveal.probabilities == by_move(expected)
        if round.played.round > 3:
            assert sealed.source is Source.MODEL
            assert reveal.mix == by_move(mix)
        before = round.played.scores


def test_a_control_opens_with_its_gambit_like_any_other_match() -> None:
    match, _ = play_out(replace(CONTROL, gambit=Gambit.SWITCHBLADE))
    for rank, round in zip(SCRIPTS[Gambit.SWITCHBLADE], match.rounds, strict=False):
        assert round.sealed.source is Source.GAMBIT
        assert round.sealed.move is by_rank(round.sealed.values)[rank]


def test_what_the_models_expected_is_recorded_in_a_control_too() -> None:
    _, effects = play_out(CONTROL)
    sealed = [record for record in records(effects) if isinstance(record, Sealed)]
    assert all(record.predictions == predictions() for record in sealed)


def test_a_control_is_named_as_such_when_it_is_over() -> None:
    match, effects = play_out(CONTROL)
    assert match.closed is not None
    assert match.closed.version == NO_MODEL
    over = told(effects)[-1]
    assert isinstance(over, Over)
    assert (over.served_by.family, over.served_by.alias, over.served_by.version) == ("brian", Arm.CONTROL, NO_MODEL)
    shown = transcript(match, match.closed)
    assert shown.served_by == over.served_by
    assert verify(shown) == []


def test_nothing_tells_a_control_from_another_match_before_its_first_throw() -> None:
    def shown(arm: Arm) -> list[str]:
        match, effects = rules.start(opening(arm=arm))
        match, effects = rules.step(match, answer(question(effects)))
        return [encode(replace(message, **hidden(message))) for message in missed(match, 0)]

    assert shown(Arm.CONTROL) == shown(Arm.B) == shown(Arm.PRODUCTION)


def hidden(message: object) -> dict[str, str]:
    """A commitment is the hash of a nonce and more, so it differs and tells nothing."""
    return {"commitment": ""} if hasattr(message, "commitment") else {}


def test_the_arm_is_not_told_while_the_match_lasts() -> None:
    match, effects = rules.start(CONTROL)
    for number in range(1, 6):
        match, effects = rules.step(match, answer(question(effects)))
        assert not any("control" in encode(message) for message in told(effects))
        match, effects = rules.step(match, throw(number, MOVES[0]))
        assert not any("control" in encode(message) for message in told(effects))


def test_a_control_is_the_fold_of_its_records() -> None:
    match, effects = play_out(CONTROL)
    read = [log.decode(log.encode(record)) for record in records(effects)]
    assert rebuild(read) == match
    assert read[0].alias is Arm.CONTROL


OLD = (
    '{"kind":"opened","match":"m1","player":"p1","opponent":"brian","alias":"%s","gambit":"razor",'
    '"seed":"5eed","known":[0,[0,0,0],[0,0,0],[]],"at":1%s}'
)


@pytest.mark.parametrize("arm", [Arm.PRODUCTION, Arm.B])
@pytest.mark.parametrize(("said", "kind"), [("", PlayerKind.HUMAN), (',"player_kind":"bot"', PlayerKind.BOT)])
def test_openings_written_before_there_were_controls_are_read(arm: Arm, said: str, kind: PlayerKind) -> None:
    record = log.decode(OLD % (arm.value, said))
    assert isinstance(record, Opened)
    assert (record.alias, record.player_kind) == (arm, kind)
    assert isinstance(record.alias, Arm)


def test_a_shadow_plays_no_match() -> None:
    with pytest.raises(ValueError, match="shadow1"):
        log.decode(OLD % (Alias.SHADOW1.value, ""))
