"""A sweep tries what the space allows, judges on validation players alone, and repeats itself."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from msgspec import Struct, json

from models.bundle import Training
from trainer.data.material import Material
from trainer.data.rows import Rows
from trainer.data.turning import WIDTH
from trainer.fitting import sweep as module
from trainer.fitting.families import Fitted, configurations, space
from trainer.fitting.graph import dense
from trainer.fitting.measures import log_loss
from trainer.fitting.space import Choice, Span, Whole
from trainer.fitting.sweep import Trial, lines, sweep


@pytest.fixture(scope="module")
def material(rows: Rows) -> Material:
    """The test rows are none: a sweep that looked at them would fail."""
    return Material(
        train=rows.where(rows.player < 14),
        validation=rows.where(rows.player >= 14),
        test=Rows.none(),
        baselines={},
        training=Training([], 0, 0, ""),
    )


class Leaning(Struct, frozen=True):
    """A family that leans to rock as far as it is told to."""

    name: str = "leaning"
    lean: float = 0.5
    steps: int = 3
    widths: tuple[int, ...] = (1, 2)

    def fit(self, train: Rows, validation: Rows, seed: int) -> Fitted:
        row = np.array([self.lean, (1 - self.lean) / 2, (1 - self.lean) / 2])
        return Fitted(lambda rows: np.tile(row, (len(rows), 1)), dense([(np.zeros((WIDTH, 3)), np.log(row))]))


SPACE = {"lean": Span(0.01, 0.9), "steps": Whole(1, 8, log=True), "widths": Choice(((1, 2), (3,)))}


@pytest.fixture
def leaning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "configurations", lambda family: (Leaning(),))
    monkeypatch.setattr(module, "space", lambda family: SPACE)


def allowed(parameters: Mapping[str, Any]) -> bool:
    return (
        0.01 <= parameters["lean"] <= 0.9
        and parameters["steps"] in range(1, 9)
        and parameters["widths"] in ((1, 2), (3,))
    )


@pytest.mark.usefixtures("leaning")
def test_it_starts_from_the_first_configuration_and_finds_better(material: Material) -> None:
    paper = replace(material, validation=replace(material.validation, target=np.ones_like(material.validation.target)))
    found = sweep("leaning", paper, trials=25, seconds=60, seed=1)
    losses = [one.validation_loss for one in found]
    assert len(found) == 25 and losses == sorted(losses) and all(allowed(one.parameters) for one in found)
    present = next(one for one in found if one.parameters == {"lean": 0.5, "steps": 3, "widths": (1, 2)})
    assert present.validation_loss == pytest.approx(-np.log(0.25)) and losses[0] < present.validation_loss
    assert {len(one.parameters["widths"]) for one in found} == {1, 2}


@pytest.mark.usefixtures("leaning")
def test_the_same_seed_tries_the_same(material: Material) -> None:
    def tried(seed: int) -> list[dict[str, Any]]:
        return [one.parameters for one in sweep("leaning", material, trials=6, seconds=60, seed=seed)]

    assert tried(1) == tried(1) != tried(2)


@pytest.mark.usefixtures("leaning")
def test_no_trial_begins_after_its_time(material: Material) -> None:
    assert sweep("leaning", material, trials=5, seconds=0, seed=1) == []


def test_a_real_family_is_judged_by_its_log_loss_on_validation_players(
    material: Material, capfd: pytest.CaptureFixture[str]
) -> None:
    told: list[str] = []
    found = sweep("forrest", material, trials=2, seconds=600, seed=0, tell=lambda what, share: told.append(what))
    fitted = configurations("forrest")[0].fit(material.train, material.validation, 0)
    loss = log_loss(fitted.predict(material.validation), material.validation.target)
    present = {name: getattr(configurations("forrest")[0], name) for name in space("forrest")}
    assert [one.validation_loss for one in found if one.parameters == present] == [loss]
    assert [line.partition(":")[0] for line in told] == ["forrest trial 1", "forrest trial 2"]
    assert capfd.readouterr() == ("", "")


def test_trials_are_told_to_people_and_programs() -> None:
    trials = [Trial({"rate": 0.0123456, "widths": (64, 32)}, 0.8912, 12.34)]
    assert lines(trials) == ["0.8912   12.3 s  rate 0.01235, widths (64, 32)"]
    assert json.decode(json.encode(trials))[0]["parameters"] == {"rate": 0.0123456, "widths": [64, 32]}
