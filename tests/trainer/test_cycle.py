"""A retraining end to end: what passes the gate is published, what fails or dies changes nothing."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from msgspec import Struct

from game.assignment import Alias
from models.errors import StoreError
from models.store import Aliases, FolderStore, Pin, Table
from trainer import candidates, cycle, gate, position
from trainer.candidates import Candidate
from trainer.columns import Features, Floats
from trainer.families import NAMES, Fitted
from trainer.graph import dense
from trainer.intake import Intake
from trainer.publish import ATTEMPTS, publish
from trainer.rows import Rows
from trainer.sides import FEW, sides
from trainer.turning import WIDTH

LogOf = Callable[..., Path]


class Fixed(Struct, frozen=True):
    """A family that says always the same of the turned move: stays, goes up, goes down."""

    name: str
    stays: float
    up: float
    down: float

    def fit(self, train: Rows, validation: Rows, seed: int) -> Fitted:
        logits = np.log([self.stays, self.up, self.down])
        model = dense([(np.zeros((WIDTH, 3)), logits)])

        def predict(features: Features) -> Floats:
            last = features[:, :3].argmax(axis=1)
            return np.asarray(np.exp(logits)[(np.arange(3) - last[:, None]) % 3])

        return Fitted(predict, model)


RIGHT, LEVEL, WRONG = Fixed("right", 0.1, 0.8, 0.1), Fixed("level", 0.3, 0.4, 0.3), Fixed("wrong", 0.1, 0.1, 0.8)


class Places:
    """A store with nothing shipped, and cycles of one made-up family over a log of cyclers."""

    def __init__(self, root: Path, database: Path) -> None:
        self.store = FolderStore(root / "store", shipped=root / "none")
        self.position = root / "trainer" / "position.json"
        self.database = database

    def run(self, *choices: Fixed, store: FolderStore | None = None) -> cycle.Report:
        def configurations(family: str) -> Sequence[Fixed]:
            return choices

        return cycle.run(self.database, store or self.store, self.position, ["fixed"], configurations)

    def line(self) -> list[str]:
        pins = self.store.table().aliases["fixed"]
        names = [self.store.bundle(pins[alias]).manifest.configuration["name"] for alias in Alias]
        return [str(name) for name in names]


@pytest.fixture
def places(tmp_path: Path, cyclers: Path) -> Places:
    return Places(tmp_path, cyclers)


def test_a_better_candidate_is_published_and_the_others_move_down(places: Places) -> None:
    first = places.run(LEVEL)
    assert places.line() == ["level"] * 4
    second = places.run(RIGHT)
    assert places.line() == ["right", "level", "level", "level"]
    (verdict,) = second.verdicts
    assert verdict.published and verdict.production == first.verdicts[0].version
    assert verdict.production_log_loss is not None and verdict.log_loss < verdict.production_log_loss
    assert position.load(places.position) == second.position > 0


def test_a_worse_candidate_is_refused_and_the_position_moves_on(places: Places) -> None:
    places.run(RIGHT)
    table = places.store.table()
    places.position.unlink()
    report = places.run(WRONG)
    assert not report.verdicts[0].published and places.store.table() == table
    assert position.load(places.position) == report.position


def test_the_model_in_production_is_not_published_again(places: Places) -> None:
    places.run(LEVEL)
    assert not places.run(LEVEL).verdicts[0].published
    assert places.store.table().generation == 1


def test_the_configuration_in_production_is_the_one_fitted(places: Places) -> None:
    places.run(LEVEL)
    assert places.run(RIGHT, LEVEL).verdicts[0].version == places.store.table().aliases["fixed"][Alias.B].version


class Dying(FolderStore):
    """A store whose process is killed in the middle of publishing."""

    def swap(self, generation: int, aliases: Aliases, entry: str = "") -> Table:
        raise KeyboardInterrupt


class Contested(FolderStore):
    """A store in which somebody else is always, or once, a little faster."""

    times = ATTEMPTS

    def swap(self, generation: int, aliases: Aliases, entry: str = "") -> Table:
        if self.times:
            self.times -= 1
            super().swap(generation, self.table().aliases)
        return super().swap(generation, aliases, entry)


def contested(places: Places, times: int) -> Contested:
    store = Contested(places.database.parent / "unused", shipped=places.database.parent)
    store.__dict__.update(places.store.__dict__, times=times)
    return store


def test_dying_while_publishing_leaves_table_and_position(places: Places, tmp_path: Path) -> None:
    before = places.run(LEVEL).position
    position.store(places.position, before - 10)
    with pytest.raises(KeyboardInterrupt):
        places.run(RIGHT, store=Dying(tmp_path / "store", shipped=tmp_path / "none"))
    assert places.line() == ["level"] * 4 and position.load(places.position) == before - 10
    places.run(RIGHT)
    assert places.line()[0] == "right" and position.load(places.position) == before


def test_a_swap_that_conflicts_is_judged_and_tried_again(places: Places) -> None:
    places.run(LEVEL)
    assert places.run(RIGHT, store=contested(places, 1)).verdicts[0].published
    assert places.line()[0] == "right" and places.store.table().generation == 3


def test_a_table_that_never_stays_still_ends_the_cycle(places: Places) -> None:
    before = places.run(LEVEL).position
    position.store(places.position, before - 10)
    with pytest.raises(StoreError, match="changed meanwhile"):
        places.run(RIGHT, store=contested(places, ATTEMPTS))
    assert places.line() == ["level"] * 4 and position.load(places.position) == before - 10


def test_the_real_families_learn_the_cycle_from_the_log(
    tmp_path: Path, cyclers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "REHEARSED", 60)
    store = FolderStore(tmp_path / "store")
    before = store.table()
    report = cycle.run(cyclers, store, tmp_path / "position.json")
    assert [verdict.family for verdict in report.verdicts] == list(NAMES)
    for verdict in report.verdicts:
        production = store.table().aliases[verdict.family]
        assert verdict.published and production[Alias.PRODUCTION].version == verdict.version
        assert production[Alias.B] == before.aliases[verdict.family][Alias.PRODUCTION]
        assert production[Alias.SHADOW2] == before.aliases[verdict.family][Alias.SHADOW1]


def test_zero_rounds_and_a_single_match_fit_nothing(tmp_path: Path, log_of: LogOf) -> None:
    places = Places(tmp_path, log_of(0, 0))
    assert places.run(LEVEL).verdicts == [] and not places.store.table().aliases
    places.database.unlink()
    places.database = log_of(1, 1)
    assert places.run(LEVEL).verdicts == []


def held_out(intake: Intake) -> tuple[set[int], set[int]]:
    """(players, matches) that are held out."""
    _, _, rows = sides(intake)
    return set(intake.rounds.owners[rows].tolist()), set(intake.rounds.history[rows].tolist())


def test_whole_players_are_held_out_or_the_last_matches_of_few(cyclers: Path, log_of: LogOf) -> None:
    intake, _, _ = cycle.read(cyclers)
    train, validation, rest = sides(intake)
    assert (train ^ validation ^ rest).all() and train.any() and validation.any()
    players, matches = held_out(intake)
    assert len(players) == 1 and len(matches) == 4
    few, _, _ = cycle.read(log_of(FEW - 1, 5))
    assert held_out(few)[1] == set(range(16, 20))


def test_promotion_moves_everyone_one_place_down() -> None:
    pins = {alias: Pin(alias.lower(), "") for alias in Alias}
    moved = gate.promoted(pins, Pin("new", ""))
    assert [moved[alias].version for alias in Alias] == ["new", "production", "b", "shadow1"]
    assert {pin.version for pin in gate.promoted({}, Pin("new", "")).values()} == {"new"}


def test_the_gate_wants_at_least_as_good() -> None:
    assert gate.passes(1.0, 1.0) and gate.passes(1.0, None) and not gate.passes(1.0001, 1.0)


def test_nothing_passed_swaps_nothing(places: Places) -> None:
    nobody: list[Candidate] = []
    empty = Rows.none()
    assert publish(places.store, nobody, empty) == [] and places.store.table().generation == 0
