"""The table of all fits: twelve of a family, four of them with an alias, chosen on validation players alone."""

import gzip
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from msgspec import Struct, json, structs

from game.assignment import Alias
from models.experts.specs import CONTRACT
from models.store import FolderStore
from trainer.data import humans
from trainer.data.columns import Floats
from trainer.data.material import gather
from trainer.data.rows import Rows
from trainer.data.turning import WIDTH
from trainer.fitting import fit as module
from trainer.fitting import table
from trainer.fitting.families import Fitted, configurations
from trainer.fitting.fit import Fits, fit, lines
from trainer.fitting.graph import dense
from trainer.fitting.measures import log_loss
from trainer.fitting.served import Served

PLAYERS = 12


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve players of 40 rounds, each with a cycle of their own."""
    folder = tmp_path_factory.mktemp("data")
    rows = ["dataset,game_id,player,round,player_move,opponent_move"]
    for player in range(PLAYERS):
        rows += [f"lab,g{player},p{player},{n + 1},{'RPS'[(n + player) % 3]},{'RPS'[n % 2]}" for n in range(40)]
    with gzip.open(folder / humans.CC0_FILE, "wt") as file:
        file.write("\n".join(rows) + "\n")
    names = "\n".join(f"g{player},lab,40" for player in range(PLAYERS))
    (folder / humans.CC0_LIST).write_text(f"game_id,dataset,rounds\n{names}\n")
    return folder


@pytest.fixture(scope="module")
def found(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Fits, FolderStore]:
    """Forrest fitted, and the store that was filled."""
    out = tmp_path_factory.mktemp("fit") / "out"
    return fit(data, out, ["forrest"], only_cc0=True, seed=1, force=False), FolderStore(out, shipped=out)


def test_every_configuration_is_told_of_and_the_best_four_on_validation_have_the_aliases(
    found: tuple[Fits, FolderStore], data: Path
) -> None:
    fits, store = found
    names = [one.manifest.configuration["name"] for one in fits.fits]
    assert sorted(map(str, names)) == sorted(one.name for one in configurations("forrest"))
    losses = [one.validation_loss for one in fits.fits]
    assert losses == sorted(losses)
    assert [one.alias for one in fits.fits] == [*Alias, *[None] * 8]
    assert fits.bundles == [one.manifest for one in fits.fits[:4]]
    material = gather(data, only_cc0=True, seed=1)
    for one in fits.fits[:4]:
        assert one.alias is not None
        pin = store.table().aliases["forrest"][one.alias]
        assert pin.version == one.manifest.version
        served = Served(store.bundle(pin).model)
        loss = log_loss(served.predict(material.validation), material.validation.target)
        assert one.validation_loss == pytest.approx(loss, abs=1e-4)
        tested = log_loss(served.predict(material.test), material.test.target)
        assert one.manifest.metrics.log_loss == pytest.approx(tested, abs=1e-9)


def test_only_the_four_are_kept(found: tuple[Fits, FolderStore]) -> None:
    fits, store = found
    assert {one.name for one in store.kept()} == {one.version for one in fits.bundles}


def test_the_lines_hold_every_fit_every_baseline_and_how_it_was_chosen(found: tuple[Fits, FolderStore]) -> None:
    fits, _ = found
    told = lines(fits)
    assert len(told) == 1 + 12 + 4 + 2
    for one, line in zip(fits.fits, told[1:13], strict=True):
        scores = one.manifest.metrics
        assert line.split()[:2] == ["forrest", one.manifest.configuration["name"]]
        for figure in (one.validation_loss, scores.accuracy, scores.log_loss, scores.calibration_error):
            assert f"{figure:.4f}" in line
        assert f"{scores.accuracy_interval[0]:.3f}-{scores.accuracy_interval[1]:.3f}" in line
        assert f"{scores.log_loss_interval[0]:.3f}-{scores.log_loss_interval[1]:.3f}" in line
    assert [line.split()[1] for line in told[13:17]] == ["uniform", "frequency", "markov2", "equilibrium"]
    assert "validation players" in told[-2] and "chose nothing" in told[-1]
    assert len(json.decode(json.encode(fits))["fits"]) == 12


def test_a_reader_s_bundles_say_what_they_read(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = structs.replace(configurations("maxine")[0], steps=12, hidden=8, memory=8)
    monkeypatch.setattr(module, "configurations", lambda family: [quick])
    (found,) = fit(data, tmp_path / "out", ["maxine"], only_cc0=True, seed=1, force=False).fits
    store, material = FolderStore(tmp_path / "out", shipped=tmp_path), gather(data, only_cc0=True, seed=1)
    bundle = store.bundle(store.table().aliases["maxine"][Alias.PRODUCTION])
    assert bundle.manifest.reads == CONTRACT
    loss = log_loss(Served.of(bundle).predict(material.validation), material.validation.target)
    assert found.validation_loss == pytest.approx(loss, abs=1e-4) and loss < np.log(3)


def test_fitted_again_a_model_has_learned_from_the_test_players_and_tells_what_it_did_before(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = configurations("logan")[:1]
    monkeypatch.setattr(module, "configurations", lambda family: chosen)
    once, twice = (
        fit(data, tmp_path / name, ["logan"], only_cc0=True, seed=1, force=False, again=again).bundles[0]
        for name, again in (("once", False), ("twice", True))
    )
    material = gather(data, only_cc0=True, seed=1)
    assert twice.metrics == once.metrics and twice.training.judged_on == module.BEFORE != once.training.judged_on
    assert twice.training.players == once.training.players + len(np.unique(material.test.player))
    assert twice.training.rounds == once.training.rounds + len(material.test)
    everybody = Rows.join([material.train, material.test])
    expected = chosen[0].fit(everybody, material.validation, 1).predict(material.test)
    store = FolderStore(tmp_path / "twice", shipped=tmp_path)
    served = Served.of(store.bundle(store.table().aliases["logan"][Alias.PRODUCTION]))
    assert twice.version != once.version
    np.testing.assert_allclose(served.predict(material.test), expected, atol=1e-4)


class Leaning(Struct, frozen=True):
    """A family that expects rock as much as it is told to."""

    name: str
    lean: float

    def fit(self, train: Rows, validation: Rows, seed: int) -> Fitted:
        row = np.array([self.lean, (1 - self.lean) / 2, (1 - self.lean) / 2])

        def predict(rows: Rows) -> Floats:
            last = rows.features[:, :3].argmax(axis=1)
            return np.asarray(row[(np.arange(3) - last[:, None]) % 3])

        return Fitted(predict, dense([(np.zeros((WIDTH, 3)), np.log(row))]))


def fitted(data: Path, out: Path, choices: Sequence[Leaning], monkeypatch: pytest.MonkeyPatch) -> Fits:
    monkeypatch.setattr(module, "configurations", lambda family: choices)
    return fit(data, out, ["leaning"], only_cc0=True, seed=1, force=False)


def test_what_is_better_on_test_players_alone_is_not_preferred(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the test players do what nobody else does: they always throw what they threw before."""
    material = gather(data, only_cc0=True, seed=1)
    last = material.test.features[:, :3].argmax(axis=1)
    odd = replace(material, test=replace(material.test, target=last.astype(np.int64)))
    monkeypatch.setattr(module, "gather", lambda *_: odd)
    found = fitted(data, tmp_path / "out", [Leaning("stays", 0.9), Leaning("moves-on", 0.1)], monkeypatch)
    first, second = found.fits
    assert first.manifest.configuration["name"] == "moves-on" and first.alias is Alias.PRODUCTION
    assert first.manifest.metrics.log_loss > second.manifest.metrics.log_loss


def test_with_fewer_fits_than_aliases_the_last_takes_the_rest(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted(data, tmp_path / "out", [Leaning("stays", 0.9), Leaning("moves-on", 0.1)], monkeypatch)
    shown = table.entries(FolderStore(tmp_path / "out", shipped=tmp_path))
    assert [entry.configuration["name"] for entry in shown] == ["moves-on", "stays", "stays", "stays"]
