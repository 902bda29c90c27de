"""Live play decides: who climbs, who is taken back, on what evidence, and what never counts."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace
from support.database import add, made
from support.play import play_out, records

from game.assignment import Alias, Arm
from game.gambits import Gambit
from game.knowledge import NOTHING
from game.records import Closed, Opened, Prediction, Reason, Record, Scores, Sealed, Winner
from models.store import FolderStore, Pin
from trainer.data import log
from trainer.lifecycle import book, outcomes
from trainer.lifecycle.compare import Comparison
from trainer.lifecycle.decisions import Lifecycle
from trainer.lifecycle.duel import Foresight, Results
from trainer.lifecycle.ledger import Entry, Kind
from trainer.lifecycle.outcomes import Foretold, Outcome
from trainer.lifecycle.sidecar import Sidecar
from trainer.lifecycle.watch import Watch

PINS = {alias: Pin(f"brian-{alias.lower()}", str(alias)) for alias in Alias}
PRODUCTION, B, FIRST, SECOND = (PINS[alias].version for alias in Alias)


def adopted(pins: dict[Alias, Pin], number: int = 1, position: int = 0) -> Entry:
    return Entry(
        number=number, at=0, kind=Kind.ADOPTED, family="", by="test", reason="", position=position, generation=number,
        before={}, after={"brian": pins}, evidence={}, previous="",
    )  # fmt: skip


def ended(
    position: int, version: str | None = None, worth: float | None = None, chances: dict[str, float] | None = None,
    kind: str = "human",
) -> Outcome:  # fmt: skip
    said = {one: Foretold(chance, float(chance > 0.4)) for one, chance in (chances or {}).items()}
    return Outcome(
        position=position, match=f"m{position}", family="brian", version=version, control=False, worth=worth,
        kind=kind, experience="first 50 rounds", rounds=(said,) * 12,
    )  # fmt: skip


def moves(comparison: Comparison, position: int) -> tuple[Kind, list[str]] | None:
    change = comparison.due("brian", position)
    return change and (change.kind, [f"{one.pin.version} {one.place}" for one in change.moves])


def test_shadows_are_ordered_once_the_lead_exceeds_chance() -> None:
    comparison = Comparison("sequential")
    comparison.follow(adopted(PINS))
    for position in range(1, 11):
        assert comparison.due("brian", position) is None
        comparison.observe(ended(position, chances={FIRST: 0.3, SECOND: 0.5 + position / 1000, B: 0.5}))
    assert moves(comparison, 10) == (Kind.ORDERED, [f"{SECOND} shadow1"])
    change = comparison.due("brian", 10)
    assert change is not None and f"{SECOND} foretold the same 120 rounds better than {FIRST}" in change.reason


def test_the_better_shadow_keeps_its_place() -> None:
    comparison = Comparison("sequential")
    comparison.follow(adopted(PINS))
    for position in range(1, 30):
        comparison.observe(ended(position, chances={FIRST: 0.5, SECOND: 0.3}))
        assert comparison.due("brian", position) is None


def test_shadow1_takes_b_on_the_sequential_test() -> None:
    comparison = Comparison("sequential")
    comparison.follow(adopted(PINS))
    for position in range(1, 200):
        comparison.observe(ended(position, chances={FIRST: 0.8, SECOND: 0.8, B: 0.4}))
        if comparison.due("brian", position) is not None:
            break
    assert moves(comparison, position) == (Kind.RAISED, [f"{FIRST} B"])
    assert 3 < position < 100


def won_by(comparison: Comparison, winner: str, loser: str, start: int) -> int:
    for pair in range(start, start + 200):
        comparison.observe(ended(2 * pair, version=winner, worth=1.0))
        comparison.observe(ended(2 * pair + 1, version=loser, worth=0.0))
        if comparison.due("brian", 2 * pair + 1) is not None:
            return pair
    raise AssertionError("nothing was due")


def test_b_takes_production_and_the_same_test_takes_it_back() -> None:
    comparison = Comparison("sequential")
    comparison.follow(adopted(PINS))
    end = won_by(comparison, B, PRODUCTION, 1)
    assert moves(comparison, end) == (Kind.PROMOTED, [f"{B} Production"])
    swapped = {**PINS, Alias.PRODUCTION: PINS[Alias.B], Alias.B: PINS[Alias.PRODUCTION]}
    comparison.follow(adopted(swapped, 2, 2 * end + 1))
    assert comparison.due("brian", 2 * end + 1) is None
    end = won_by(comparison, PRODUCTION, B, end + 1)
    assert moves(comparison, end) == (Kind.ROLLED_BACK, [f"{PRODUCTION} Production", f"{B} shadow2"])


def test_the_fixed_rule_promotes_after_three_matches_and_a_tie_keeps_production() -> None:
    comparison = Comparison("fixed")
    comparison.follow(adopted(PINS))
    for position, (version, worth) in enumerate([(B, 1.0), (PRODUCTION, 1.0)] * 3, 1):
        comparison.observe(ended(position, version=version, worth=worth))
    assert comparison.due("brian", 6) is None
    comparison.observe(ended(7, version=B, worth=1.0))
    comparison.observe(ended(8, version=PRODUCTION, worth=0.5))
    change = comparison.due("brian", 8)
    assert change is not None and change.kind is Kind.PROMOTED and "by the fixed rule" in change.reason


def test_evidence_begins_where_the_two_stand_opposite_and_outlives_other_changes() -> None:
    comparison = Comparison("sequential")
    comparison.follow(adopted(PINS, position=50))
    comparison.observe(ended(50, version=B, worth=1.0))
    comparison.observe(ended(51, version=B, worth=1.0))
    comparison.observe(ended(52, version=PRODUCTION, worth=0.0))
    newer = {**PINS, Alias.SHADOW2: Pin("brian-new", "new")}
    comparison.follow(adopted(newer, 2, position=60))
    (found,) = [one for one in comparison.told() if one["step"] == "promoted"]
    assert (found["pairs"], found["since"], comparison.begun) == (1, 50, 50)
    comparison.follow(adopted({**newer, Alias.B: Pin("brian-b2", "b2")}, 3, position=70))
    (found,) = [one for one in comparison.told() if one["step"] == "promoted"]
    assert (found["pairs"], found["since"]) == (0, 70)


def test_what_the_control_arm_won_is_told_beside() -> None:
    comparison = Comparison("sequential")
    comparison.follow(adopted(PINS))
    for position, worth in enumerate((1.0, 0.0, 0.5, None), 1):
        comparison.observe(replace(ended(position, worth=worth), control=True))
    (found,) = [one for one in comparison.told() if one["step"] == "promoted"]
    assert found["control"] == {"matches": 3, "won": 0.5} and found["pairs"] == 0


def test_one_version_in_two_places_is_not_compared_with_itself() -> None:
    comparison = Comparison("sequential")
    comparison.follow(adopted(dict.fromkeys(Alias, PINS[Alias.B])))
    assert comparison.told() == [] and comparison.begun is None


def test_only_rounds_that_both_foretold_count() -> None:
    duel = Foresight("x", "y")
    duel.observe(ended(1, chances={"x": 0.9}))
    assert duel.rounds == 0 and duel.error == float("inf")
    duel.observe(ended(2, chances={"x": 0.5, "y": 0.25}))
    told = duel.told()
    assert (told["rounds"], told["log_loss"], told["accuracy"]) == (12, [0.69315, 1.38629], [1.0, 0.0])


def test_a_stratum_in_which_the_challenger_does_worse_is_told() -> None:
    results = Results("x", "y")
    random = Random(1)
    for number in range(200):
        results.observe(ended(number, "x", float(random.random() < 0.9)))
        results.observe(ended(number, "y", float(random.random() < 0.5)))
        results.observe(ended(number, "x", float(random.random() < 0.1), kind="bot"))
        results.observe(ended(number, "y", float(random.random() < 0.6), kind="bot"))
    strata = {one["players"]: one for one in results.told()["strata"]}
    assert strata["bot"]["hurt"] and not strata["human"]["hurt"]
    assert strata["human"]["lead_interval"][0] > 0.2


def test_what_does_not_count_is_not_paired() -> None:
    results = Results("x", "y")
    for number in range(5):
        results.observe(ended(number, "x", None))
        results.observe(ended(number, None, 1.0))
        results.observe(ended(number, "z", 1.0))
        results.observe(ended(number, "y", 1.0))
    assert results.told()["pairs"] == 0


def opened(number: int, alias: Arm = Arm.B) -> Opened:
    seed = Random(number).randbytes(16).hex()
    return Opened(f"m{number}", f"p{number}", "brian", alias, Gambit.RAZOR, seed, NOTHING, at=1)


def written(number: int, alias: Arm = Arm.B, versions: tuple[str, ...] = ("one",)) -> list[Record]:
    """A match's records; the predictions name one version of `versions` after the other."""
    asked = iter(range(1000))
    given = {
        Alias(alias if alias is not Arm.CONTROL else "B"): Prediction(versions[0], (0.5, 0.3, 0.2)),
        Alias.SHADOW1: Prediction("shadow", (0.2, 0.5, 0.3)),
    }
    found = records(play_out(opened(number, alias), given=given)[1])
    if len(versions) > 1:
        found = [
            replace(one, version=versions[next(asked) % len(versions)])
            if isinstance(one, Sealed) and one.version in versions
            else one
            for one in found
        ]
    return found


def one_outcome(folder: Path, found: list[Record]) -> Outcome:
    with log.opened(made(folder, found)) as reader:
        (outcome,) = outcomes.read(reader, 0, 10)
    return outcome


def test_an_outcome_says_who_played_and_what_was_foretold(tmp_path: Path) -> None:
    match = written(1)
    found = one_outcome(tmp_path, match)
    closed = match[-1]
    assert isinstance(closed, Closed)
    assert (found.version, found.family, found.position) == ("one", "brian", len(match))
    assert found.worth == {Winner.BOT: 1.0, Winner.PLAYER: 0.0, Winner.TIE: 0.5}[closed.winner]
    assert len(found.rounds) == closed.round - 1
    assert {tuple(sorted(said)) for said in found.rounds} == {("one", "shadow")}
    assert [said["one"].probability for said in found.rounds[:3]] == [0.3, 0.2, 0.5]
    assert [said["one"].hit for said in found.rounds[:3]] == [0.0, 0.0, 1.0]


def test_a_match_that_a_swap_fell_into_or_the_control_played_is_nobodys(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert one_outcome(tmp_path / "a", written(1, versions=("one", "two"))).version is None
    control = one_outcome(tmp_path / "b", written(1, Arm.CONTROL))
    assert control.version is None and control.control and control.rounds


def test_a_damaged_match_is_left_out_and_the_others_count(tmp_path: Path) -> None:
    bad = written(1)
    bad[3] = replace(bad[3], round=77)
    path = made(tmp_path, [*bad, *written(2)])
    with log.opened(path) as reader:
        assert [found.match for found in outcomes.read(reader, 0, 10)] == ["m2"]


def test_a_match_abandoned_in_the_opening_does_not_count(tmp_path: Path) -> None:
    first, *_ = written(1)
    closed = written(1)[-1]
    left = replace(closed, round=1, reason=Reason.LEFT, scores=Scores(0, 0), winner=Winner.BOT)
    assert one_outcome(tmp_path, [first, left]).worth is None


@pytest.fixture
def lifecycle(tmp_path: Path) -> Iterator[Lifecycle]:
    store = FolderStore(tmp_path / "store", shipped=tmp_path / "none")
    names = {Alias.PRODUCTION: "old", Alias.B: "one", Alias.SHADOW1: "shadow", Alias.SHADOW2: "last"}
    store.swap(0, {"brian": {alias: Pin(name, name) for alias, name in names.items()}})
    with book.opened(made(tmp_path)) as opened:
        yield Lifecycle(opened, store)


def watching(lifecycle: Lifecycle, path: Path, share: float = 1.0) -> Watch:
    """A watch that has taken in everything there is."""
    watch = Watch("sequential", share, Sidecar("127.0.0.1", 9))
    with log.opened(path) as reader:
        while watch.look(lifecycle, reader):
            pass
    return watch


def test_a_watch_that_starts_anew_knows_what_the_one_before_it_knew(lifecycle: Lifecycle, tmp_path: Path) -> None:
    path = tmp_path / "rps.db"
    lifecycle.settle()
    watch = Watch("sequential", 1.0, Sidecar("127.0.0.1", 9))
    for number in range(12):
        add(path, written(number, Arm.B) if number % 2 else written(number, Arm.PRODUCTION, ("old",)))
        with log.opened(path) as reader:
            watch.look(lifecycle, reader)
    assert watch.told() == watching(lifecycle, path).told()
    (results,) = [one for one in watch.told() if one["step"] == "promoted"]
    assert results["pairs"] == 6


def test_programs_count_by_their_share(lifecycle: Lifecycle, tmp_path: Path) -> None:
    path = tmp_path / "rps.db"
    lifecycle.settle()
    for number in range(20):
        first, *others = written(number)
        add(path, [replace(first, player_kind="bot"), *others])
    none, half, whole = (watching(lifecycle, path, share).told() for share in (0.0, 0.5, 1.0))
    counted = [next(one for one in told if one["step"] == "raised")["matches"] for told in (none, half, whole)]
    assert counted[0] == 0 and 3 < counted[1] < 17 and counted[2] == 20
