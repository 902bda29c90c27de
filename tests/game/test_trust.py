"""What models earn on one player, round by round: bounded, told by the log alone, and never more than they may lose."""

from math import exp, log
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json
from msgspec.structs import replace
from support.play import answer, opening, play_out, predictions, question, records, throw

from game import match as rules
from game import records as log_of
from game import trust
from game.assignment import Alias, Arm
from game.equilibrium import equilibrium, stakes
from game.fairness import Reveal, commitment, opens
from game.fold import rebuild
from game.gambits import LENGTH
from game.knowledge import NOTHING, Knowledge
from game.moves import INDEX, MOVES
from game.policy import edge
from game.records import Closed, Opened, Prediction, Scores, Sealed, Source
from game.trust import BOUNDS, FRESH, MOST, SHARE, STAKE, Trust

CHANCES = st.floats(0, 1)
ROUNDS = st.lists(st.tuples(CHANCES, st.floats(-1, 1)), max_size=60)
RICH = replace(NOTHING, trust=Trust(skill=BOUNDS[1], bank=MOST))


NEW = Trust()


def after(rounds, start=NEW):
    for chance, won in rounds:
        start = trust.settled(trust.judged(start, chance), won)
    return start


@given(ROUNDS)
def test_both_accounts_are_bounded_whatever_happens(rounds) -> None:
    found = after(rounds)
    assert BOUNDS[0] <= found.skill <= BOUNDS[1]
    assert 0 <= found.bank <= MOST
    assert 0 <= trust.lean(found) <= 1


@given(ROUNDS, CHANCES, CHANCES)
def test_what_was_thought_likelier_earns_no_less(rounds, one, other) -> None:
    before = after(rounds)
    low, high = (trust.judged(before, chance) for chance in sorted((one, other)))
    assert low.skill <= high.skill
    assert trust.lean(low) <= trust.lean(high)
    assert low.bank == high.bank == before.bank


@pytest.mark.parametrize("start", [Trust(), RICH.trust])
def test_a_model_that_is_no_better_than_chance_is_trusted_no_more(start: Trust) -> None:
    after_it = after([(1 / 3, 0.0)] * 200, start)
    assert trust.lean(after_it) == 0
    assert trust.lean(after([(1 / 3, 0.0)] * 45)) == 0
    assert (
        trust.lean(after([(0.5, 0.0), (2 / 9, 0.0)] * 100, start)) == 0
    )  # a log-loss of ln 3 by being right and wrong


def test_one_who_is_right_is_trusted_fully_and_one_who_is_wrong_at_once_no_more() -> None:
    assert trust.lean(after([(exp(0.05) / 3, 0.0)] * 60)) == 1
    assert trust.lean(after([(0.1, 0.0)])) == 0


def test_trust_that_was_lost_can_be_earned_again() -> None:
    lost = after([(0.1, -1.0)] * 20)
    assert (trust.lean(lost), lost.bank) == (0, 0)
    assert trust.lean(after([(0.45, 0.0)] * 20, lost)) == 1
    assert trust.staked(lost).bank == FRESH
    assert trust.staked(RICH.trust) == RICH.trust


def test_somebody_new_is_leant_on_with_a_stake() -> None:
    assert NOTHING.trust == Trust()
    assert trust.lean(Trust()) == 1
    assert trust.risk(Trust()) == SHARE * STAKE


def sealed_of(effects) -> list[Sealed]:
    return [record for record in records(effects) if isinstance(record, Sealed)]


@pytest.mark.parametrize("cap", [0.0, 0.5, 1.0])
def test_a_round_is_sealed_with_the_lean_in_force_and_tells_it_afterwards(cap: float) -> None:
    match, effects = play_out(replace(opening(), lean=cap))
    known, scores = match.opened.known.trust, Scores(0, 0)
    for round, sealed in zip(match.rounds, sealed_of(effects), strict=True):
        reveal = opens(sealed.reveal, commitment(sealed.reveal))
        assert reveal is not None and reveal.lean == sealed.lean
        if sealed.round <= LENGTH:
            assert (sealed.source, sealed.lean, sealed.edge) == (Source.GAMBIT, 0.0, (0.0, 0.0, 0.0))
        else:
            assert sealed.lean == cap * trust.lean(known)
            mix = tuple(reveal.mix[move] for move in MOVES)
            assert sealed.edge == edge(stakes(scores.bot, scores.player, sealed.values), mix)
        at = INDEX[round.played.player_move]
        known = trust.settled(trust.judged(known, sealed.probabilities[at]), sealed.edge[at])
        scores = round.played.scores
    assert match.known.trust == match.closed.known.trust == known != Trust()


def test_at_lean_nothing_the_bot_plays_exactly_the_equilibrium() -> None:
    match, _ = play_out(replace(opening(), lean=0.0))
    scores = Scores(0, 0)
    for round in match.rounds:
        if round.sealed.round > LENGTH:
            mix, _, _ = equilibrium(stakes(scores.bot, scores.player, round.sealed.values))
            assert json.decode(round.sealed.reveal, type=Reveal).mix == dict(zip(MOVES, mix, strict=True))
        scores = round.played.scores


def test_the_fold_of_the_log_gives_the_same_trust() -> None:
    match, effects = play_out()
    read = [log_of.decode(log_of.encode(record)) for record in records(effects)]
    assert rebuild(read) == match
    assert rebuild(read[:8]).known.trust not in (Trust(), match.known.trust)


@pytest.mark.parametrize("given", [opening(arm=Arm.CONTROL), opening()], ids=["control", "no answer"])
def test_where_no_model_decides_nothing_is_earned(given: Opened) -> None:
    match, effects = play_out(given, given=predictions() if given.alias is Arm.CONTROL else {})
    assert match.known.trust == Trust()
    assert {(sealed.lean, sealed.edge) for sealed in sealed_of(effects)} == {(0.0, (0.0, 0.0, 0.0))}


def test_a_match_begins_with_something_at_stake_though_all_was_lost() -> None:
    match, _ = rules.start(opening(known=replace(NOTHING, trust=Trust(skill=1.0, bank=0.0))))
    assert match.known.trust == Trust(skill=1.0, bank=FRESH)


OLD_KNOWN = b"[4,[2,1,1],[1,2,1],[[0,1,1,[10,12,17]]]]"


def test_records_from_before_there_was_trust_are_read() -> None:
    known = json.decode(OLD_KNOWN, type=Knowledge)
    assert (known.rounds, known.trust) == (4, Trust())
    _, effects = play_out()
    for record in records(effects):
        plain = json.decode(log_of.encode(record))
        if isinstance(record, Sealed):
            reveal = json.decode(plain["reveal"])
            del plain["lean"], plain["edge"], reveal["lean"]
            old = json.encode(reveal, order="sorted").decode()
            assert opens(old, commitment(old)).lean == 0.0
        if isinstance(record, Opened | Closed):
            plain["known"] = json.decode(OLD_KNOWN)
        read = log_of.decode(json.encode(plain))
        if isinstance(read, Sealed):
            assert (read.lean, read.edge) == (0.0, (0.0, 0.0, 0.0))
        if isinstance(read, Opened):
            assert read.lean == 1.0
        if isinstance(read, Opened | Closed):
            assert read.known == known


@pytest.mark.parametrize("known", [NOTHING, RICH], ids=["new", "rich"])
@pytest.mark.parametrize("belief", ["steady", "sure", "wild"])
@pytest.mark.parametrize("sly", [False, True], ids=["greedy", "sly"])
def test_whoever_plays_the_equilibrium_keeps_its_value_less_the_bank(known: Knowledge, belief: str, sly: bool) -> None:
    """All-knowing players over whole matches: what the bot expects to win never falls by more than was at stake."""
    most = 0.0
    for number in range(8):
        random = Random(number)
        match, effects = rules.start(opening(seed=f"{number:032x}", known=known))
        at_stake, lost = match.known.trust.bank, 0.0
        while match.closed is None:
            given = Prediction("brian-b", believed(belief, random))
            ask = answer(question(effects), {Alias.B: given}, random.random())
            match, effects = rules.step(match, ask)
            sealed = match.sealed
            game = stakes(match.scores.bot, match.scores.player, match.values)
            mix = json.decode(sealed.reveal, type=Reveal).mix
            columns = [sum(mix[move] * row[at] for move, row in zip(MOVES, game, strict=True)) for at in range(3)]
            credit = 0.1 * sly  # what the sly one pays to keep the bot's trust in its model
            at = given.probabilities.index(max(given.probabilities))  # which earns the model trust
            if match.round > LENGTH:
                at = min(range(3), key=lambda at: columns[at] - credit * log(given.probabilities[at]))
                lost += equilibrium(game)[2] - columns[at]
                assert lost <= at_stake + 1e-9
                assert match.known.trust.bank >= -1e-12
            match, effects = rules.step(match, throw(match.round, MOVES[at]))
        most = max(most, lost)
    assert most > 0.01 or sly


def believed(how: str, random: Random) -> tuple[float, float, float]:
    if how == "steady":
        return 0.45, 0.3, 0.25
    if how == "sure":
        return random.choice([(0.96, 0.02, 0.02), (0.02, 0.96, 0.02), (0.02, 0.02, 0.96)])
    rock, paper = random.uniform(0.05, 0.45), random.uniform(0.05, 0.45)
    return rock, paper, 1 - rock - paper
