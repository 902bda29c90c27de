"""One family's part of a cycle: a few ways are fitted, one is chosen by validation, and the gate judges it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import Struct, structs

from game.assignment import Alias
from game.moves import MOVES, Move
from models.bundle import Scores, Training, version_of
from models.experts.specs import CONTRACT
from models.store import FolderStore, Table
from trainer.data import lessons
from trainer.data.columns import Floats
from trainer.data.features import matrix
from trainer.data.lessons import JUDGED_ON, rehearsed_players, teach
from trainer.data.rehearsal import ROUNDS_EACH
from trainer.data.rows import Rows
from trainer.data.sides import sides
from trainer.data.snapshot import Snapshot, take
from trainer.data.turning import WIDTH
from trainer.fitting import families
from trainer.fitting.candidates import FITS, chosen, code
from trainer.fitting.families import Fitted
from trainer.fitting.graph import dense
from trainer.fitting.learning import Learned, learn
from trainer.fitting.manifests import describe
from trainer.fitting.served import Served

LogOf = Callable[..., Path]


class Fixed(Struct, frozen=True):
    """A family that says always the same of the turned move: stays, goes up, goes down."""

    name: str
    stays: float
    up: float
    down: float

    def fit(self, train: Rows, validation: Rows, seed: int) -> Fitted:
        logits = np.log([self.stays, self.up, self.down])

        def predict(rows: Rows) -> Floats:
            last = rows.features[:, :3].argmax(axis=1)
            return np.asarray(np.exp(logits)[(np.arange(3) - last[:, None]) % 3])

        model = dense([(np.zeros((WIDTH, 3)), logits)])
        return Fitted(predict, model, curve=(1.0, 0.9), gain={"last_rock": 0.5})


RIGHT, LEVEL, WRONG = Fixed("right", 0.02, 0.96, 0.02), Fixed("level", 0.3, 0.4, 0.3), Fixed("wrong", 0.1, 0.1, 0.8)


@pytest.fixture(autouse=True)
def little_rehearsal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lessons, "REHEARSED", 24)
    monkeypatch.setattr(lessons, "FEWEST_REHEARSED", 12)
    monkeypatch.setattr(lessons, "ASIDE", 1000)


def taken(database: Path) -> Snapshot:
    return take(database, 0.1, lambda phase, share: None)


@pytest.fixture(scope="module")
def snapshot(cyclers: Path) -> Snapshot:
    return taken(cyclers)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    """Nothing is in production."""
    return FolderStore(tmp_path / "store", shipped=tmp_path / "none")


def serving(store: FolderStore, configuration: Fixed) -> Table:
    """The table with this model in production."""
    model = configuration.fit(Rows.none(), Rows.none(), 0).model
    scores = Scores(1, 0.5, 1.0, (0.0, 1.0), (0.0, 2.0))
    manifest = describe("fixed", configuration, model, Training([], 0, 0, ""), scores, {})
    pin = store.put(manifest, model)
    return store.swap(store.table().generation, {"fixed": dict.fromkeys(Alias, pin)})


def learned(
    snapshot: Snapshot, store: FolderStore, *choices: Any, cycle: int = 1, tell: Callable[..., None] | None = None
) -> Learned:
    quiet = tell or (lambda phase, share: None)
    return learn("fixed", snapshot, store, store.table(), cycle, 5, quiet, lambda family: choices)


def test_the_best_by_validation_is_the_candidate(snapshot: Snapshot, store: FolderStore) -> None:
    found = learned(snapshot, store, LEVEL, RIGHT, WRONG)
    assert found.candidate is not None and found.candidate.configuration["name"] == "right"
    assert found.verdict is not None and found.verdict.version == found.candidate.version
    assert found.candidate.version == version_of("fixed", found.model)
    assert [run.chosen for run in found.runs] == [False, True, False]
    validation = [run.metrics["validation_log_loss"] for run in found.runs]
    assert min(validation) == validation[1]


def test_the_candidate_says_what_it_learned_from_and_was_judged_on(snapshot: Snapshot, store: FolderStore) -> None:
    found = learned(snapshot, store, RIGHT)
    assert found.candidate is not None and found.verdict is not None
    told, held_out = found.candidate.training, sides(snapshot, 1).held_out
    newest = int((snapshot.rounds.played & held_out[snapshot.rounds.history]).sum())
    assert told.judged_on == JUDGED_ON and told.datasets == ["round log", "rehearsal"]
    assert found.candidate.metrics.rounds == found.verdict.rounds == newest > 0
    assert told.rounds + newest == snapshot.played and told.players == 6
    assert set(found.candidate.baselines) == {"uniform", "frequency", "markov2", "equilibrium"}
    assert all(scores.rounds == newest for scores in found.candidate.baselines.values())
    assert found.candidate.baselines["uniform"].log_loss == pytest.approx(np.log(3))


def test_what_is_worse_than_production_does_not_pass(snapshot: Snapshot, store: FolderStore) -> None:
    serving(store, RIGHT)
    found = learned(snapshot, store, WRONG)
    assert not found.passed and found.verdict is not None and found.candidate is not None
    assert "in production" in found.reason and "log-loss" in found.reason
    assert [run.passed for run in found.runs] == [False]
    assert store.table().generation == 1


def test_a_run_tells_of_both_sides_and_of_production(snapshot: Snapshot, store: FolderStore) -> None:
    serving(store, LEVEL)
    found = learned(snapshot, store, RIGHT, LEVEL, cycle=7)
    assert found.passed and [run.name for run in found.runs] == ["cycle-00007-fixed-level", "cycle-00007-fixed-right"]
    run = found.runs[1]
    kinds = {"accuracy", "log_loss", "brier", "calibration_error", "points_over_equilibrium"}
    prefixes = ("validation_", "held_out_", "production_")
    assert set(run.metrics) == {prefix + kind for prefix in prefixes for kind in kinds}
    assert run.metrics["held_out_log_loss"] < run.metrics["production_log_loss"]
    assert found.runs[0].metrics["held_out_log_loss"] == pytest.approx(run.metrics["production_log_loss"])
    assert (run.chosen, run.passed, run.digest) == (True, True, "") and run.started <= run.ended
    assert run.snapshot == snapshot.id and run.code == code() and run.curve == (1.0, 0.9)
    assert run.gain == {"last_rock": 0.5} and len(run.permutation) == 50
    assert sum(map(sum, run.confusion)) == sum(one.count for one in run.calibration) == found.verdict.rounds
    assert run.parameters["name"] == "right" and run.parameters["up"] == 0.96 and run.parameters["seed"] == 5
    assert not {name for name in found.runs[0].metrics if name.startswith("production_")} - set(run.metrics)


def test_without_production_there_is_nothing_to_tell_of_it(snapshot: Snapshot, store: FolderStore) -> None:
    (run,) = learned(snapshot, store, RIGHT).runs
    assert run.passed and not [name for name in run.metrics if name.startswith("production_")]


def test_progress_rises_to_the_end(snapshot: Snapshot, store: FolderStore) -> None:
    told: list[tuple[str, float]] = []
    learned(snapshot, store, LEVEL, RIGHT, tell=lambda phase, share: told.append((phase, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == 1
    assert {"fitting level", "fitting right"} <= {phase for phase, _ in told}


def test_the_same_snapshot_and_seed_give_the_same_model(snapshot: Snapshot, store: FolderStore) -> None:
    def once() -> Learned:
        return learn("logan", snapshot, store, store.table(), 2, 9, lambda phase, share: None, smallest)

    first, second = once(), once()
    assert first.model == second.model and first.verdict is not None
    assert first.candidate is not None and first.candidate.family == "logan"
    named = dict(first.runs[0].metrics)
    assert named == second.runs[0].metrics


def smallest(family: str) -> Sequence[Any]:
    return [one for one in families.configurations(family) if one.name == "habits"]


@pytest.mark.parametrize(("players", "matches"), [(0, 0), (1, 1)])
def test_of_too_little_nothing_is_learned_and_the_reason_is_told(
    log_of: LogOf, store: FolderStore, players: int, matches: int
) -> None:
    found = learned(taken(log_of(players, matches)), store, RIGHT)
    assert not found.passed and found.candidate is None and found.verdict is None and found.runs == ()
    assert found.reason in (
        "Nobody has played a round yet.",
        "There are too few matches to learn from some and be judged on others.",
    )


def only_rock(player: int, played: int) -> Move:
    return MOVES[0]


def test_who_throws_one_move_alone_can_be_learned_from(log_of: LogOf, store: FolderStore) -> None:
    found = learn(
        "logan", taken(log_of(2, 3, only_rock)), store, store.table(), 1, 1, lambda phase, share: None, smallest
    )
    assert found.verdict is not None and found.runs[0].metrics["held_out_accuracy"] > 0.9
    assert found.verdict.checks[0].passed


class Named(Struct, frozen=True):
    name: str


TWELVE = [Named(f"way-{number}") for number in range(12)]


@pytest.mark.parametrize("production", [None, "way-4", "of another family"])
def test_in_a_few_cycles_every_configuration_comes_up(production: str | None) -> None:
    cycles = [[one.name for one in chosen(TWELVE, production, cycle)] for cycle in range(1, 5)]  # type: ignore[arg-type]
    assert all(len(set(names)) == len(names) == FITS for names in cycles)
    assert {name for names in cycles for name in names} == {one.name for one in TWELVE}
    if production == "way-4":
        assert {names[0] for names in cycles} == {production}


def test_a_family_with_few_ways_gives_all() -> None:
    few = TWELVE[:2]
    for cycle in range(3):
        assert {one.name for one in chosen(few, "way-1", cycle)} == {"way-0", "way-1"}  # type: ignore[arg-type]


def test_rehearsal_stands_back_beside_a_long_log_and_beside_hardly_any(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    made_up = [rehearsed_players(rounds) for rounds in (0, 1_600, 5_000, 50_000, 200_000, 10_000_000)]
    assert made_up == [60, 195, 545, 300, 120, 60]
    assert all(players * ROUNDS_EACH <= lessons.SHARE * 1_600 for players in made_up[:2])


def test_a_lesson_s_rows_are_those_of_its_matches(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lessons, "_AT_ONCE", 3)
    monkeypatch.setattr(lessons, "ASIDE", 6)
    lesson = teach(snapshot, None, 1, 0)
    side = sides(snapshot, 1)
    features, rounds = matrix(snapshot.rounds), snapshot.rounds
    for rows, mask in (
        (lesson.train, side.train),
        (lesson.validation, side.validation),
        (lesson.held_out, side.held_out),
    ):
        here = rounds.played & mask[rounds.history]
        real = rows.where(rows.player >= 0)
        np.testing.assert_array_equal(real.features, features[here])
        np.testing.assert_array_equal(real.target, rounds.player[here])
        np.testing.assert_array_equal(real.player, rounds.owners[here])
        np.testing.assert_array_equal(real.weight, snapshot.weight[here])
    assert (lesson.held_out.player >= 0).all()
    for rows in (lesson.train, lesson.validation):
        assert (rows.player < 0).any() and np.isfinite(rows.features).all()
    assert not set(lesson.train.player.tolist()) & set(lesson.validation.player.tolist())


def test_baselines_have_seen_what_came_before_the_held_out_rounds(snapshot: Snapshot) -> None:
    lesson = teach(snapshot, None, 1, 0)
    said = lesson.baselines["markov2"]
    hits = said.argmax(axis=1) == lesson.held_out.target
    assert len(said) == len(lesson.held_out) and hits.mean() > 0.95  # cyclers are foreseen after some rounds


def test_the_code_is_named_by_release_and_content() -> None:
    release, _, digest = code().partition("+")
    assert release == "0.1.0" and len(digest) == 12 and int(digest, 16) >= 0


def test_a_reader_is_learned_judged_and_described_like_any_other(snapshot: Snapshot, store: FolderStore) -> None:
    quick = structs.replace(families.configurations("maxine")[0], steps=20, hidden=8, memory=8)
    found = learn("maxine", snapshot, store, store.table(), 1, 5, lambda phase, share: None, lambda family: [quick])
    assert found.verdict is not None and found.candidate is not None and found.candidate.reads == CONTRACT
    assert found.verdict.checks[0].passed and found.candidate.metrics.rounds == found.verdict.rounds
    assert found.candidate.metrics.log_loss < found.candidate.baselines["uniform"].log_loss
    pin = store.put(found.candidate, found.model)
    table = store.swap(0, {"maxine": dict.fromkeys(Alias, pin)})
    again = learn("maxine", snapshot, store, table, 2, 5, lambda phase, share: None, lambda family: [quick])
    assert again.verdict is not None and again.verdict.production == pin.version
    (run,) = again.runs
    assert run.metrics["production_log_loss"] == pytest.approx(found.candidate.metrics.log_loss)
    assert len(run.permutation) == 50 and run.curve


def test_production_is_rehearsed(snapshot: Snapshot) -> None:
    up = Served(RIGHT.fit(Rows.none(), Rows.none(), 0).model)

    def ups(rows: Rows) -> float:
        made_up = rows.where((rows.player < 0) & (rows.features[:, -1] > 0))
        last = made_up.features[:, :3].argmax(axis=1)
        return float(((made_up.target - last) % 3 == 1).mean())

    assert ups(teach(snapshot, up, 1, 0).train) > 0.7 > 0.5 > ups(teach(snapshot, None, 1, 0).train)
