"""The league: files are read or refused in one line, nobody sees ahead, and figures are what they say."""

import gzip
from collections import Counter
from collections.abc import Callable
from math import log
from pathlib import Path

import numpy as np
import pytest
from msgspec import json
from support.gates import gate, manifest

from game.assignment import Alias
from game.features import NAMES
from models.experts.specs import CONTRACT
from models.store import SHIPPED, FolderStore
from trainer.data.columns import Floats
from trainer.errors import LeakError, TrainerError
from trainer.fitting.measures import log_losses
from trainer.fitting.served import Served
from trainer.league import bots, counts, league
from trainer.league.games import Game, read
from trainer.league.league import tried
from trainer.league.lineup import RESET, Lineup, lineup
from trainer.league.online import say, watch
from trainer.league.plays import Plays, play
from trainer.league.referee import judge, slices

HEAD = "dataset,game_id,player,round,player_move,opponent_move,player_is_human,opponent_kind,rt_ms"
FAMILIES = {"brian", "forrest", "logan"}
File = Callable[..., Path]


@pytest.fixture
def file(tmp_path: Path) -> File:
    """Writes a file of these rows."""

    def file(*rows: str, head: str = HEAD) -> Path:
        path = tmp_path / "play.csv.gz"
        with gzip.open(path, "wt", encoding="utf-8") as text:
            text.write("\n".join((head, *rows)) + "\n")
        return path

    return file


@pytest.fixture
def shipped(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


def crowd(players: int = 6, rounds: int = 60, games: int = 1, seed: int = 5) -> list[Game]:
    """Players who mostly go round rock, paper, scissors, against a bot that throws anything."""
    random = np.random.default_rng(seed)
    found = []
    for player in range(players):
        for game in range(games):
            steps = np.where(random.random(rounds) < 0.8, 1, random.integers(0, 3, rounds))
            throws = zip((np.cumsum(steps) % 3).tolist(), random.integers(0, 3, rounds).tolist(), strict=True)
            kind = ("human", "bot:random")[player % 2]
            found.append(Game(f"p{player}", f"lab{player % 2}", f"g{game}", kind, list(throws)))
    return found


def rows_of(games: list[Game]) -> list[str]:
    return [
        f"{game.dataset},{game.name},{game.player},{at},{'RPS'[mine]},{'RPS'[theirs]},1,{game.opponent},"
        for game in games
        for at, (mine, theirs) in enumerate(game.throws, start=1)
    ]


def test_rounds_go_by_number_and_games_and_players_as_the_file_names_them(file: File) -> None:
    rows = [
        "lab,g9,zoe,2,P,S,1,bot:x,5",
        "lab,g1,ana,1,S,S,1,human,",
        "lab,g9,zoe,1,R,S,1,bot:x,",
        "lab,g2,zoe,1,P,P,1,,",
    ]
    assert read(file(*rows)) == [
        Game("zoe", "lab", "g9", "bot:x", [(0, 2), (1, 2)]),
        Game("zoe", "lab", "g2", "", [(1, 1)]),
        Game("ana", "lab", "g1", "human", [(2, 2)]),
    ]
    assert [game.player for game in read(file(*rows), {"ana"})] == ["ana"]


def test_rounds_in_which_a_side_did_not_throw_are_left_out(file: File) -> None:
    rows = ["lab,g,ana,1,N,S,1,x,", "lab,g,ana,2,R,N,1,x,", "lab,g,ana,3,R,P,1,x,", "lab,h,bo,1,,R,1,x,"]
    assert [game.throws for game in read(file(*rows))] == [[(0, 1)]]


def test_a_file_without_kinds_of_opponents_is_read(file: File) -> None:
    (game,) = read(file("lab,g,ana,1,R,P", head="dataset,game_id,player,round,player_move,opponent_move"))
    assert game.opponent == ""


@pytest.mark.parametrize(
    ("rows", "head", "said"),
    [
        ((), HEAD, "holds no round in which both sides threw"),
        (("lab,g,ana,1,N,P,1,x,",), HEAD, "holds no round in which both sides threw"),
        (("ana,1",), "player,round", "has no column dataset, game_id, player_move, opponent_move"),
        (("lab,g,ana,1,R,P,1,x,", "lab,g,ana,2,R,Z,1,x,"), HEAD, "line 3: 'Z' is no move"),
        (("lab,g,ana,one,R,P,1,x,",), HEAD, "line 2: round 'one' is not a whole number"),
        (("lab,g,ana,1,R",), HEAD, "line 2: there is no opponent_move"),
        (("lab,g,,1,R,P,1,x,",), HEAD, "line 2: there is no player"),
        (("lab,g,ana,1,R,P,1,x,", "lab,g,ana,1,S,P,1,x,"), HEAD, "line 3: round 1 of game g is there twice"),
    ],
)
def test_a_file_of_another_form_is_refused_in_one_line(file: File, rows: tuple[str, ...], head: str, said: str) -> None:
    with pytest.raises(TrainerError) as refused:
        read(file(*rows, head=head))
    assert said in str(refused.value) and "play.csv.gz" in str(refused.value) and "\n" not in str(refused.value)


def test_a_file_that_cannot_be_read_is_refused_in_one_line(tmp_path: Path, file: File) -> None:
    whole = file(*rows_of(crowd())).read_bytes()
    plain, cut, torn, foreign = (tmp_path / name for name in ("plain.csv", "cut.gz", "torn.gz", "foreign.gz"))
    plain.write_text(HEAD)
    cut.write_bytes(whole[:-200])
    torn.write_bytes(whole[:200] + bytes(100) + whole[300:])
    foreign.write_bytes(gzip.compress(HEAD.encode() + b"\nlab,\xff\xfe"))
    for path, said in (
        (tmp_path / "none.gz", "cannot be read: No such file"),
        (tmp_path, "cannot be read: Is a directory"),
        (plain, "is not a gzip file"),
        (cut, "is damaged"),
        (torn, "is damaged"),
        (foreign, "is not a CSV file in UTF-8"),
    ):
        with pytest.raises(TrainerError, match=said) as refused:
            read(path)
        assert "\n" not in str(refused.value)


def test_players_who_are_not_in_the_file_cannot_be_scored(file: File) -> None:
    with pytest.raises(TrainerError, match="no round of these players"):
        read(file(*rows_of(crowd())), {"nobody"})


def test_a_career_spans_games_and_each_game_begins_a_match() -> None:
    plays = play(crowd(players=3, rounds=20, games=2), seed=0)
    assert len(plays.rounds.starts) == 3 and plays.number.tolist() == [*range(1, 41)] * 3
    assert (plays.rounds.step[::20] == 1).all() and not plays.rounds.player_score[::20].any()
    known = plays.rows.features[:, NAMES.index("rounds_known")]
    np.testing.assert_allclose(known, np.log(plays.number), rtol=1e-6)


def test_reset_features_know_this_match_alone() -> None:
    plays = play(crowd(), seed=0)
    known = plays.rows_reset.features[:, NAMES.index("rounds_known")]
    np.testing.assert_allclose(known, np.log(plays.rounds.step), rtol=1e-6)
    first = plays.number == plays.rounds.step
    assert 0 < first.sum() < len(plays)
    np.testing.assert_array_equal(plays.rows_reset.features[first], plays.rows.features[first])


def test_a_players_rounds_are_the_same_whoever_else_is_scored() -> None:
    games = crowd()
    everybody, alone, otherwise = play(games, 3), play(games[4:5], 3), play(games, 4)
    theirs = everybody.rounds.owners == 4
    np.testing.assert_array_equal(everybody.rows.features[theirs], alone.rows.features)
    assert (everybody.rounds.values != otherwise.rounds.values).any()


def test_counting_references_are_what_a_count_round_by_round_gives() -> None:
    plays = play(crowd(players=3, rounds=25, games=2), seed=1)
    for name, (own, theirs) in {
        "frequency": (0, 0),
        "markov1": (1, 0),
        "markov3": (3, 0),
        "markov2 both": (2, 2),
    }.items():
        said, at = counts.REFERENCES[name](plays), 0
        for player in ("p0", "p1", "p2"):
            throws = [throw for game in plays.games if game.player == player for throw in game.throws]
            seen: dict[tuple[object, ...], Counter[int]] = {}
            for number, (mine, _) in enumerate(throws):
                context = (_last(throws, number, 0, own), _last(throws, number, 1, theirs))
                counted = seen.setdefault(context, Counter())
                expected = [(counted[move] + 1) / (counted.total() + 3) for move in range(3)]
                np.testing.assert_allclose(said[at], expected, rtol=1e-12)
                counted[mine] += 1
                at += 1


def _last(throws: list[tuple[int, int]], number: int, side: int, lags: int) -> tuple[int, ...]:
    return tuple(throws[number - lag][side] for lag in range(1, lags + 1) if number >= lag)


def test_the_mixture_is_never_far_behind_the_best_of_its_members() -> None:
    plays = play(crowd(rounds=150), seed=2)

    def careers(said: Floats) -> Floats:
        return np.bincount(plays.rounds.owners, weights=log_losses(said, plays.rounds.player)).astype(np.float64)

    best = np.min([careers(predict(plays)) for predict in counts.SINGLE.values()], axis=0)
    assert (careers(counts.hedge(plays)) <= best + log(len(counts.SINGLE)) + 1e-9).all()


def test_the_whole_lineup_says_the_same_of_a_round_whatever_comes_after(shipped: FolderStore) -> None:
    found = lineup(shipped, seed=0)
    assert found.predictors.keys() >= FAMILIES | {RESET} | counts.REFERENCES.keys()
    for seed in range(3):
        there = tried(found, crowd(players=30, rounds=40, games=2), seed).predictors.keys()
        assert there >= found.predictors.keys() - found.programs


def test_a_program_that_peeks_is_left_out_and_a_model_that_does_is_an_error() -> None:
    found = Lineup({"one": counts.hedge, "rrps two": own_throw}, {"three": "it is away"}, {}, frozenset({"rrps two"}))
    left = tried(found, crowd(), seed=0)
    assert left.predictors == {"one": counts.hedge}
    assert left.left_out.keys() == {"three", "rrps two"} and "hangs on more" in left.left_out["rrps two"]
    with pytest.raises(LeakError, match="rrps two knows"):
        tried(Lineup(found.predictors, {}, {}, frozenset({"one"})), crowd(), seed=0)


def test_a_reader_in_the_store_plays_and_does_not_peek(shipped: FolderStore) -> None:
    model = gate()
    pin = shipped.put(manifest(model), model)
    table = shipped.table()
    shipped.swap(table.generation, {**table.aliases, "maxine": dict.fromkeys(Alias, pin)})
    found = lineup(shipped, seed=0)
    assert found.models["maxine"].version == pin.version
    watch({"maxine": found.predictors["maxine"]}, crowd(players=30, rounds=40, games=2), seed=1)
    plays = play(crowd(players=2), seed=0)
    said = say("maxine", found.predictors["maxine"], plays)
    np.testing.assert_allclose(said, Served(model, CONTRACT).predict(plays.rows), atol=1e-6)


def own_throw(plays: Plays) -> Floats:
    return np.asarray(np.eye(3)[plays.rounds.player])


def opponents_throw(plays: Plays) -> Floats:
    return np.asarray(np.eye(3)[plays.rounds.bot])


def next_round(plays: Plays) -> Floats:
    return np.asarray(np.eye(3)[np.roll(plays.rounds.player, -1)])


def whole_careers(plays: Plays) -> Floats:
    shares = [np.bincount(plays.rounds.owners, weights=plays.rounds.player == move) for move in range(3)]
    return np.asarray((np.column_stack(shares) / np.bincount(plays.rounds.owners)[:, None])[plays.rounds.owners])


@pytest.mark.parametrize("peek", [own_throw, opponents_throw, next_round, whole_careers])
def test_a_predictor_that_peeks_is_caught(peek: Callable[[Plays], Floats]) -> None:
    with pytest.raises(LeakError, match="peeker knows"):
        watch({"uniform": counts.uniform, "peeker": peek}, crowd(), seed=0)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (np.full((360, 3), 0.4), "for 360 of 360 rounds"),
        (np.full((360, 3), np.nan), "for 360"),
        (np.ones(3), r"\(3,\)"),
    ],
)
def test_what_is_no_distribution_is_refused(said: Floats, why: str) -> None:
    with pytest.raises(TrainerError, match=why):
        say("odd", lambda plays: said, play(crowd(), 0))


def test_figures_by_hand() -> None:
    plays = play([Game("ana", "lab", "g", "", [(0, 0), (1, 0), (2, 0), (2, 0)])], 0)
    said = np.array([[0.8, 0.1, 0.1], [0.8, 0.1, 0.1], [0.8, 0.1, 0.1], [0.4, 0.2, 0.4]])
    found = judge({"x": said}, plays, 0)["x"]["all"]
    # expecting rock is throwing paper: won, drawn, lost; then paper or rock at even odds: lost or won
    assert found.n == 4 and found.accuracy == pytest.approx((1 + 0 + 0 + 0.5) / 4)
    assert found.margin == pytest.approx((1 + 0 - 1 + (1 - 1) / 2) / 4)
    assert found.log_loss == pytest.approx(-(log(0.8) + 2 * log(0.1) + log(0.4)) / 4)
    assert found.margin_interval == pytest.approx((found.margin, found.margin))  # one player alone


def test_slices_are_stages_datasets_and_kinds_of_opponents() -> None:
    plays = play(crowd(players=4, rounds=60), 0)
    counted = {name: int(rows.sum()) for name, rows in slices(plays).items()}
    stages = {"rounds_1_5": 20, "rounds_6_15": 40, "rounds_1_15": 60, "rounds_16_50": 140, "rounds_51_up": 40}
    kinds = {"against_human": 120, "against_bot": 120, "against_bot:random": 120}
    assert counted == {"all": 240, **stages, "lab0": 120, "lab1": 120, **kinds}
    assert slices(play(crowd(rounds=9), 0)).keys().isdisjoint({"rounds_16_50", "rounds_51_up"})


def test_intervals_hold_the_mean_and_widen_with_fewer_players() -> None:
    def width(players: int) -> float:
        plays = play(crowd(players), 0)
        found = judge({"markov1": counts.REFERENCES["markov1"](plays)}, plays, 0)["markov1"]["all"]
        low, high = found.log_loss_interval
        assert low < found.log_loss < high
        return high - low

    assert width(80) < width(5)


def test_a_league_of_a_file(file: File, shipped: FolderStore) -> None:
    path, told = file(*rows_of(crowd())), list[tuple[str, float]]()

    def hear(what: str, share: float) -> None:
        told.append((what, share))

    found = league.run(path, shipped, 0, hear)
    assert found.predictors.keys() >= FAMILIES | {RESET} | counts.REFERENCES.keys()
    assert found.predictors.keys() | found.left_out.keys() >= bots.BOTS.keys()
    assert found.predictors["markov1"]["all"].accuracy > 0.7 > found.predictors["frequency"]["all"].accuracy
    assert found.predictors["uniform"]["all"].margin == pytest.approx(0)
    assert found.predictors["forrest"]["all"] != found.predictors[RESET]["all"]
    assert told[0] == ("play.csv.gz: 360 rounds of 6 players", 0.0) and told[-1][1] == 1.0
    shape = json.decode(json.encode(found))["predictors"]["brian"]["rounds_1_15"]
    rates = ("accuracy", "log_loss", "margin")
    assert shape.keys() == {"n", *rates, *(f"{rate}_interval" for rate in rates)} and len(shape["margin_interval"]) == 2
    assert league.run(path, shipped, 0, hear) == found
    assert found.players == 6 and league.run(path, shipped, 0, hear, {"p1", "p2"}).players == 2


def test_the_table_for_people_tells_versions_and_what_is_left_out(file: File, shipped: FolderStore) -> None:
    games = [Game(game.player, "eb_v2", game.name, "", game.throws) for game in crowd()]
    found = league.run(file(*rows_of(games)), shipped, 0, lambda what, share: None)
    text = "\n".join(league.lines(found))
    assert "All rounds (6 players)" in text and "The first 15 rounds" in text
    assert all(f"{family} ({found.models[family].version})" in text for family in FAMILIES)
    assert all(f"{name} is left out: {why}." in text for name, why in found.left_out.items())
    assert found.seen == ["eb_v2"] and "Models learned from players of eb_v2" in text


def test_without_models_the_references_play(file: File, tmp_path: Path) -> None:
    nothing = FolderStore(tmp_path / "store", shipped=tmp_path / "none")
    found = league.run(file(*rows_of(crowd())), nothing, 0, lambda what, share: None)
    assert found.predictors.keys() >= counts.REFERENCES.keys() and not found.models
    assert found.left_out[RESET] == "nothing of forrest is in production"


def test_a_family_without_production_is_left_out(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store", SHIPPED)
    table = store.table()
    without = {
        family: {a: pin for a, pin in pins.items() if a != "Production"} for family, pins in table.aliases.items()
    }
    store.swap(table.generation, {**table.aliases, "brian": without["brian"]})
    found = lineup(store, 0)
    assert "brian" not in found.predictors and found.left_out["brian"] == "nothing of it is in production"
    assert found.predictors.keys() >= {"forrest", "logan"}


def test_champions_are_left_out_where_their_package_is_not_there() -> None:
    there, left_out = bots.champions(0, package="no_such_package")
    assert not there and left_out.keys() == bots.BOTS.keys()
    assert set(left_out.values()) == {"the open_spiel package is not installed"}
    assert bots.champions(0, package="trainer")[1]["iocaine"] == "this build of open_spiel does not hold it"


def test_champions_expect_what_they_throw_against() -> None:
    pytest.importorskip("pyspiel", reason="open_spiel is not installed")
    there, left_out = bots.champions(0)
    assert there.keys() > bots.BOTS.keys() and not left_out
    assert len(there) == 43, "each of the package's population once"
    throws = [(at % 3, 0) for at in range(1200)]
    plays = play([Game("ana", "lab", "g", "", throws), Game("bo", "lab", "g", "", throws[:50])], 0)
    for name, predict in there.items():
        said = say(name, predict, plays)
        if name in bots.BOTS:
            assert (said.argmax(axis=1) == plays.rounds.player)[300:1000].mean() > 0.95
        np.testing.assert_array_equal(said[1200:], said[:50])  # a new player, the same bot from its beginning
