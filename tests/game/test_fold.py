"""Reading a match back: the same match, or a clear fault."""

import pytest
from msgspec import ValidationError
from msgspec.structs import replace
from support.play import opening, play_out, records

from game import records as log
from game.errors import CorruptRecord
from game.fold import rebuild
from game.moves import Outcome
from game.records import Closed, Played, Scores, Sealed


def written() -> list[log.Record]:
    return records(play_out()[1])


def test_records_survive_their_text() -> None:
    for record in written():
        assert log.decode(log.encode(record)) == record


def test_a_text_that_is_no_record_is_refused() -> None:
    with pytest.raises(ValidationError):
        log.decode('{"kind": "opened", "match": 3}')


@pytest.mark.parametrize("rounds", [0, 1, 5])
def test_a_match_is_the_fold_of_its_records(rounds: int) -> None:
    match, effects = play_out()
    assert rebuild(records(effects)) == match
    assert len(rebuild(records(effects)[: 1 + 2 * rounds]).rounds) == rounds


def test_records_must_begin_with_the_opening() -> None:
    for told in ([], written()[1:]):
        with pytest.raises(CorruptRecord):
            rebuild(told)


def damage(kind: type, **changes: object) -> list[log.Record]:
    """The records of a match with the first of this kind changed."""
    told = written()
    at = next(index for index, record in enumerate(told) if isinstance(record, kind))
    return [*told[:at], replace(told[at], **changes), *told[at + 1 :]]


@pytest.mark.parametrize(
    "told",
    [
        damage(Played, outcome=Outcome.WIN, gained=Scores(99, 0)),
        damage(Played, scores=Scores(50, 0)),
        damage(Played, round=2),
        damage(Played, match="another"),
        damage(Sealed, values={"rock": 1, "paper": 2, "scissors": 3}),
        damage(Closed, scores=Scores(1, 1)),
        [*written(), written()[-1]],
        [opening(), opening()],
        [record for record in written() if not isinstance(record, Sealed)],
        [record for record in written() for _ in range(2)],
    ],
)
def test_records_that_contradict_the_rules_are_refused(told: list[log.Record]) -> None:
    with pytest.raises(CorruptRecord):
        rebuild(told)
