"""The commands: fit fills a store that can be served, table shows it, solve agrees with the game's table."""

import gzip
import os
import time
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from msgspec import Struct, json
from msgspec.structs import replace
from support.database import made

from bench.system import free_port
from game.assignment import Alias
from models.bundle import version_of, write
from models.store import BUNDLES, FolderStore
from trainer import __main__ as command
from trainer import commandline
from trainer.data import humans, material
from trainer.data.turning import WIDTH
from trainer.fitting.graph import dense
from trainer.fitting.table import Entry
from trainer.sparring.simulate import PARTNERS

SHIPPED = Path(__file__).parents[2] / "models" / "shipped"


class Shown(Struct):
    bundles: list[Entry]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve players of 40 rounds, each with a cycle of their own."""
    folder = tmp_path_factory.mktemp("data")
    lines = ["dataset,game_id,player,round,player_move,opponent_move"]
    for player in range(12):
        lines += [f"lab,g{player},p{player},{n + 1},{'RPS'[(n + player) % 3]},{'RPS'[n % 2]}" for n in range(40)]
    with gzip.open(folder / humans.CC0_FILE, "wt") as file:
        file.write("\n".join(lines) + "\n")
    names = "\n".join(f"g{player},lab,40" for player in range(12))
    (folder / humans.CC0_LIST).write_text(f"game_id,dataset,rounds\n{names}\n")
    return folder


def test_fit_fills_a_store_the_same_way_twice_and_overwrites_only_when_forced(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = ["fit", "--data", str(data), "--out", str(out), "--families", "logan", "forrest", "--json"]
    assert command.main(arguments) == 0
    assert len(json.decode(capsys.readouterr().out)["bundles"]) == 8
    table = FolderStore(out, shipped=out).table()
    assert table.generation == 0 and {tuple(pins) for pins in table.aliases.values()} == {tuple(Alias)}
    assert command.main(arguments) == 1
    assert "is not empty" in capsys.readouterr().err
    assert command.main([*arguments, "--force"]) == 0
    again = FolderStore(out, shipped=out).table().aliases
    assert [pin.version for pin in again["logan"].values()] == [pin.version for pin in table.aliases["logan"].values()]
    assert not [path for path in tmp_path.iterdir() if path != out]


def test_no_player_is_on_two_sides_and_the_manifest_tells_what_was_learned(data: Path) -> None:
    gathered = material.gather(data, only_cc0=True, seed=1)
    sides = [set(side.player.tolist()) for side in (gathered.train, gathered.validation, gathered.test)]
    assert not sides[0] & sides[1] and not sides[0] & sides[2] and not sides[1] & sides[2]
    assert (len(sides[1]), len(sides[2])) == (2, 2)
    assert gathered.training.licence == material.LICENCE and gathered.training.datasets == ["lab", "simulated"]
    assert gathered.training.players == len(sides[0])
    assert material.gather(data, only_cc0=False, seed=1).training.licence == material.UNLICENSED


def test_the_shipped_bundles_are_sound_small_and_better_than_their_baselines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command.main(["table", "--store", str(SHIPPED), "--json"]) == 0
    bundles = json.decode(capsys.readouterr().out, type=Shown).bundles
    assert [entry.family for entry in bundles] == [
        family for family in ("brian", "forrest", "logan", "maxine") for _ in Alias
    ]
    assert sum(entry.size for entry in bundles) < 25_000_000
    store = FolderStore(SHIPPED)
    for entry in bundles:
        pin = store.table().aliases[entry.family][entry.alias]
        assert store.bundle(pin).manifest.training.licence == material.LICENCE
        assert entry.metrics.log_loss < min(entry.baselines[name].log_loss for name in ("uniform", "frequency"))
        if entry.alias is Alias.PRODUCTION:
            assert entry.metrics.log_loss < entry.baselines["markov2"].log_loss


def test_the_table_for_people_has_a_line_for_each_alias_and_baseline(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["table", "--store", str(SHIPPED)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + 16 + 4 and lines[1].startswith("brian")


def test_solving_again_gives_the_game_s_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["solve", "--out", str(tmp_path / "table.f64"), "--json"]) == 0
    assert json.decode(capsys.readouterr().out)["V(95,90)"] == pytest.approx(2 / 3, abs=1e-6)
    kept = Path(__file__).parents[2] / "game" / "equilibrium.f64"
    assert (tmp_path / "table.f64").read_bytes() == kept.read_bytes()


def test_prune_removes_what_nothing_means_and_keeps_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RPS_DATA_DIR", str(tmp_path))
    source, store = FolderStore(SHIPPED), FolderStore(tmp_path / "store")
    table = source.table()
    pins = [pins[alias] for pins in table.aliases.values() for alias in (Alias.PRODUCTION, Alias.B)]
    for age, pin in enumerate(pins):
        bundle = source.bundle(pin)
        store.put(bundle.manifest, bundle.model)
        hours_ago = time.time() - 3600 * (2 + age)
        os.utime(tmp_path / "store" / BUNDLES / pin.version, (hours_ago, hours_ago))
    store.swap(0, {"brian": {Alias.PRODUCTION: pins[-1]}})
    assert command.main(["prune", "--json"]) == 0
    assert json.decode(capsys.readouterr().out) == {"removed": []}
    assert command.main(["prune", "--keep", "1"]) == 0
    assert capsys.readouterr().out.endswith(f"{len(pins) - 2} removed.\n")
    assert {one.name for one in store.kept()} == {pins[0].version, pins[-1].version}


def test_a_place_that_is_none_is_told_without_its_secret(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["table", "--store", "s3://me:hidden@minio"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("trainer: store_url must look like") and "hidden" not in told


def test_a_sweep_tries_what_it_is_told_to(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["sweep", "logan", "--data", str(data), "--trials", "2", "--json"]) == 0
    trials = json.decode(capsys.readouterr().out)["trials"]
    assert len(trials) == 2 and trials[0]["validation_loss"] <= trials[1]["validation_loss"]


@pytest.fixture
def played_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty database of a server, which the settings name."""
    monkeypatch.setenv("RPS_DATA_DIR", str(tmp_path))
    return made(tmp_path)


def test_a_bundle_of_ones_own_enters_at_shadow2_and_the_ledger_tells_of_it(
    played_database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = FolderStore(SHIPPED)
    bundle = store.bundle(store.table().aliases["logan"][Alias.PRODUCTION])
    model = dense([(np.zeros((WIDTH, 3)), np.array([0.1, 0.0, 0.0]))])
    version, digest = version_of("logan", model), sha256(model).hexdigest()
    write(tmp_path / "own", replace(bundle.manifest, version=version, model_sha256=digest), model)
    assert command.main(["enter", str(tmp_path / "own"), "--json"]) == 0
    assert json.decode(capsys.readouterr().out)["after"]["logan"]["shadow2"]["version"] == version
    assert command.main(["enter", str(tmp_path / "own")]) == 1
    assert "stands there already" in capsys.readouterr().err
    assert command.main(["ledger", "show"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 2 and "adopted" in shown[0] and version in shown[1]
    assert command.main(["ledger", "verify", "--json"]) == 0
    assert json.decode(capsys.readouterr().out) == {"entries": 2, "fault": None}


def test_a_bundle_that_does_not_answer_as_it_must_does_not_enter(
    played_database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = FolderStore(SHIPPED)
    bundle = store.bundle(store.table().aliases["logan"][Alias.PRODUCTION])
    model = dense([(np.zeros((WIDTH, 3)), np.array([np.nan, 0.0, 0.0]))])
    version, digest = version_of("logan", model), sha256(model).hexdigest()
    write(tmp_path / "own", replace(bundle.manifest, version=version, model_sha256=digest), model)
    assert command.main(["enter", str(tmp_path / "own")]) == 1
    assert "not a number" in capsys.readouterr().err
    assert command.main(["enter", str(tmp_path / "nothing")]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_commands_about_the_ledger_need_a_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RPS_DATA_DIR", str(tmp_path))
    for arguments in (["ledger", "verify"], ["cycle"], ["enter", str(tmp_path)]):
        assert command.main(arguments) == 1
        assert capsys.readouterr().err.startswith("trainer: ")


def test_every_sparring_partner_can_be_named() -> None:
    assert set(commandline.PARTNERS) == set(PARTNERS)


def test_simulate_without_a_server_and_a_league_without_a_file_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert command.main(["simulate", "--players", "1", "--matches", "1", "--url", url]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("trainer: ")
    assert command.main(["league", "--data", "nothing.csv.gz"]) == 1
    assert "nothing.csv.gz" in capsys.readouterr().err
