"""What docs/research.md tells of habits, features and the race is what `python -m bench.findings` finds."""

import gzip
import re
from pathlib import Path

import pytest

from bench.findings import GROUPS, HEADS, SAMPLE, Finding, Table, features, habits, main, table, ways
from game.equilibrium import equilibrium, stakes
from game.features import NAMES
from game.moves import MOVES, outcome
from game.points import Values, gains
from telemetry.commandline import FAILED
from trainer.policy.rounds import ROUNDS

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/research.md").read_text()
NUMBER = r"-?\d\.\d{3}"
EVERYBODY = ROOT.parent / "shared" / "data" / "human-play"


def shown(what: str, rows: Table) -> str:
    return table(Finding(HEADS[what], rows))


def test_what_ways_of_playing_win_is_as_told() -> None:
    assert shown("race", ways()) in PAGE


def test_how_far_points_alone_are_from_the_race_is_as_told() -> None:
    assert "within .0006 of the right one" in PAGE and ".29 off at 9.9 to 8.8" in PAGE
    assert max(off(0, 0, values) for values in ROUNDS) <= 0.0006
    assert max(off(99, 88, values) for values in ROUNDS) == pytest.approx(0.29, abs=0.005)


def off(bot: int, player: int, values: Values) -> float:
    """How far a share of the mix that is balanced in points is from that of the race, at most."""
    both = [[gains(theirs, ours, outcome(theirs, ours), values) for theirs in MOVES] for ours in MOVES]
    points = equilibrium([[to_bot - to_player for to_player, to_bot in row] for row in both])[0]
    return max(abs(one - right) for one, right in zip(points, equilibrium(stakes(bot, player, values))[0], strict=True))


@pytest.mark.skipif(not EVERYBODY.is_dir(), reason="the laboratory's games are not there")
def test_the_habits_of_all_players_are_as_told() -> None:
    assert shown("habits", habits(EVERYBODY)) in PAGE


def test_what_each_group_of_features_gives_the_shipped_models_is_as_told() -> None:
    """To two thousandths: another processor adds up in another order."""
    head = f"| {' | '.join(HEADS['features'])} |"
    told = PAGE[PAGE.index(head) :].partition("\n\n")[0]
    found = shown("features", features(SAMPLE))
    assert re.sub(NUMBER, "", told) == re.sub(NUMBER, "", found)
    assert list(map(float, re.findall(NUMBER, found))) == pytest.approx(
        list(map(float, re.findall(NUMBER, told))), abs=0.002
    )


def test_each_feature_is_in_one_group() -> None:
    found = [name for begins in GROUPS.values() for name in NAMES if name.startswith(begins)]
    assert sorted(found) == sorted(NAMES)


def test_a_folder_without_anybody_is_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cc0_games.csv").write_text("game_id,dataset,rounds\n")
    with gzip.open(tmp_path / "eb_v2_v3_train.csv.gz", "wt") as file:
        file.write("dataset,game_id,player,round,player_move,opponent_move,opponent_kind\n")
    monkeypatch.setattr("sys.argv", ["findings", "habits", "--games", str(tmp_path)])
    assert main() == FAILED
    assert "nobody's rounds" in capsys.readouterr().err
