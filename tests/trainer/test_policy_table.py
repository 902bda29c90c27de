"""What the bot's play wins by exact induction: known figures, the same by scalar recursion, and what must hold."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import pytest

from game.equilibrium import equilibrium, prospects, stakes, value
from game.gambits import LENGTH, SCRIPTS, WEIGHTS, Gambit
from game.moves import MOVES, outcome
from game.points import TARGET, Values, by_rank, gains
from game.policy import respond
from trainer.data.columns import Floats
from trainer.policy.foreseen import HIGH, IID, foreseen, looking_ahead, store
from trainer.policy.live import PURE, Live
from trainer.policy.opening import opened
from trainer.policy.race import all_knowing, believing, best, race, throwing
from trainer.policy.responses import responses
from trainer.policy.rounds import ROUNDS, ahead, by_ranks, solved
from trainer.policy.table import LEANS, Report, Wins, lines, table

LEAN = 0.7
Mix = tuple[float, ...]
After = Callable[[int, int], float]
"""The bot's win probability at (bot, player)."""


@pytest.fixture(scope="module")
def report() -> Report:
    return table([LEAN, 1.0], careers=20, matches=2)


def some_games(count: int, led_to=stakes) -> tuple[list[tuple[int, int, int]], Floats]:
    """Random (bot, player, round) and their stakes, shape (3, 3, count)."""
    random = np.random.default_rng(11)
    where = [(bot, player, round) for bot, player, round in random.integers(0, (100, 100, 15), (count, 3)).tolist()]
    return where, np.moveaxis(np.array([led_to(bot, player, ROUNDS[round]) for bot, player, round in where]), 0, -1)


def worth_of(mix: Mix, throws: Mix, bot: int, player: int, values: Values, after: After) -> float:
    """What a round comes to on average, one pair of throws after another."""
    total = 0.0
    for ours, share in zip(MOVES, mix, strict=True):
        for theirs, chance in zip(MOVES, throws, strict=True):
            to_player, to_bot = gains(theirs, ours, outcome(theirs, ours), values)
            total += share * chance * after(bot + to_bot, player + to_player)
    return total


def test_the_rounds_are_those_that_are_drawn() -> None:
    assert len({tuple(values[move] for move in MOVES) for values in ROUNDS}) == 15
    for values in ROUNDS:
        low, mid, high = by_rank(values).values()
        assert (values[low], values[high] - values[mid]) == (10, 5)
        assert outcome(low, high) is outcome(high, mid) is outcome(mid, low) == "win"


def test_mixes_by_rank_follow_the_values() -> None:
    mixes = by_ranks(0.2, 0.3, 0.5)
    for values, mix in zip(ROUNDS, mixes.T, strict=True):
        assert [mix[MOVES.index(move)] for move in by_rank(values).values()] == [0.2, 0.3, 0.5]


@pytest.mark.parametrize("lean", [0.0, 0.3, 0.7, 0.95, 1.0])
def test_many_responses_are_the_scalar_ones(lean: float) -> None:
    (where, games), (_, hopes) = some_games(400), some_games(400, prospects)
    predictions = np.random.default_rng(12).dirichlet([2, 2, 2], len(where))
    predictions[:100] = np.eye(3)[np.arange(100) % 3]
    found = responses(games, predictions.T, lean, hopes)
    for (bot, player, round), prediction, mix in zip(where, predictions.tolist(), found.T, strict=True):
        game, hoped = (led_to(bot, player, ROUNDS[round]) for led_to in (stakes, prospects))
        assert mix == pytest.approx(respond(game, tuple(prediction), lean, hoped), abs=1e-12)


def test_best_responses_win_what_is_known(report: Report) -> None:
    assert report.best_response.iid_45_30_25 == pytest.approx(0.8556, abs=5e-5)
    assert report.best_response.high_half == pytest.approx(0.8410, abs=5e-5)


def test_fully_trusted_the_policy_nearly_wins_what_can_be_won(report: Report) -> None:
    assert report.iid_45_30_25 == report.settings[-1].iid_45_30_25 >= 0.855
    assert report.high_half == report.settings[-1].high_half >= 0.840


def test_the_table_that_looks_ahead_is_the_mean_of_the_best_responses(tmp_path: Path) -> None:
    found = looking_ahead()
    assert found == pytest.approx(ahead(), abs=1e-7)
    assert found == pytest.approx(sum(foreseen()) / 2)
    store(tmp_path / "table", found)
    assert (tmp_path / "table").read_bytes() == Path("game/prospect.f32").read_bytes()


@pytest.mark.parametrize("values", [solved(), ahead()], ids=["short", "ahead"])
@pytest.mark.parametrize("player", [throwing(IID), throwing(HIGH), all_knowing], ids=["iid", "high", "all-knowing"])
def test_without_trust_every_score_has_the_equilibriums_value_against_anybody(player, values) -> None:
    found = race(believing([IID], 0.0, values), player)
    assert found == pytest.approx(solved(), abs=1e-9)


def test_the_best_reply_in_a_round_is_not_the_best_response_in_the_race(report: Report) -> None:
    """Because it weighs the scores as if both played optimally from there on."""
    assert report.settings[-1].lean == 1
    trusting = report.settings[-1].without_looking_ahead
    assert trusting.iid_45_30_25 < report.best_response.iid_45_30_25 - 0.005
    assert trusting.high_half < report.best_response.high_half - 0.003


def test_a_bot_that_weighs_by_the_true_continuation_is_the_best_response() -> None:
    found = race(best, throwing(HIGH))
    assert race(believing([HIGH], 1.0, found), throwing(HIGH)) == pytest.approx(found, abs=1e-9)


@pytest.mark.parametrize("lean", [0.3, 0.7, 1.0])
def test_nothing_is_won_or_lost_against_a_player_at_the_equilibrium(lean: float) -> None:
    where, games = some_games(200)
    _, hopes = some_games(200, prospects)
    mixes = responses(games, np.array([0.45, 0.3, 0.25])[:, None], lean, hopes)
    for (bot, player, round), mix in zip(where, mixes.T, strict=True):
        values = ROUNDS[round]
        _, theirs, expected = equilibrium(stakes(bot, player, values))
        assert worth_of(tuple(mix), theirs, bot, player, values, value) == pytest.approx(expected, abs=1e-9)


def test_more_trust_hopes_for_more_and_risks_more_in_a_round() -> None:
    (_, games), (_, hopes) = some_games(400), some_games(400, prospects)
    prediction = np.array([0.45, 0.3, 0.25])[:, None]
    mixes = [responses(games, prediction, lean, hopes) for lean in np.linspace(0, 1, 9)]
    columns = [(mix[:, None] * games).sum(axis=0) for mix in mixes]
    hoped = np.array([(prediction * (mix[:, None] * hopes).sum(axis=0)).sum(axis=0) for mix in mixes])
    risked = np.array([one.min(axis=0) for one in columns])
    assert (np.diff(hoped, axis=0) > -1e-12).all()
    assert (np.diff(risked[:-1], axis=0) < 1e-12).all()  # at full trust the risk does not break ties


def test_it_is_what_scalar_play_comes_to() -> None:
    @cache
    def after(bot: int, player: int) -> float:
        if max(bot, player) >= TARGET:
            return value(bot, player)
        total = 0.0
        for values in ROUNDS:
            mix = respond(stakes(bot, player, values), throws, LEAN, prospects(bot, player, values))
            total += worth_of(mix, throws, bot, player, values, after)
        return total / len(ROUNDS)

    throws = (0.45, 0.3, 0.25)
    found = race(believing([IID], LEAN, ahead()), throwing(IID))
    for bot, player in ((95, 90), (70, 75), (62, 80)):
        assert found[bot, player] == pytest.approx(after(bot, player), abs=1e-9)


def test_gambits_are_worth_what_playing_each_of_them_is() -> None:
    @cache
    def after(gambit: Gambit, round: int, bot: int, player: int) -> float:
        if round == LENGTH:
            return float(found[bot, player])
        total = 0.0
        for values in ROUNDS:
            scripted = by_rank(values)[SCRIPTS[gambit][round]]
            mix = tuple(float(move is scripted) for move in MOVES)

            def then(bot: int, player: int) -> float:
                return after(gambit, round + 1, bot, player)

            total += worth_of(mix, (0.45, 0.3, 0.25), bot, player, values, then)
        return total / len(ROUNDS)

    found = race(best, throwing(IID))
    expected = sum(weight * after(gambit, 0, 0, 0) for gambit, weight in WEIGHTS.items()) / sum(WEIGHTS.values())
    assert opened(found, throwing(IID)) == pytest.approx(expected, abs=1e-9)


def test_nobody_is_beaten_by_more_than_the_best_response_nor_all_knowing_players_at_all(report: Report) -> None:
    for setting in report.settings:
        for wins in (setting, setting.without_looking_ahead):
            assert 0.5 - 1e-9 < wins.iid_45_30_25 <= report.best_response.iid_45_30_25 + 1e-12
            assert 0.5 - 1e-9 < wins.high_half <= report.best_response.high_half + 1e-12
        for worst in (setting.worst_case, setting.without_looking_ahead.worst_case, setting.with_gambits.worst_case):
            assert max(worst.iid, worst.high, worst.pure) <= report.equilibrium + 1e-9


def test_the_worst_of_three_predictions_is_no_better_than_any_of_them() -> None:
    together = race(believing(PURE, 0.3, solved()), all_knowing)
    for one in PURE:
        assert (together <= race(believing([one], 0.3, solved()), all_knowing) + 1e-12).all()


def test_looking_ahead_comes_within_a_thousandth_of_the_best_responses(report: Report) -> None:
    assert report.iid_45_30_25 == pytest.approx(report.best_response.iid_45_30_25, abs=1e-3)
    assert report.high_half == pytest.approx(report.best_response.high_half, abs=1e-3)


def test_the_report_as_json_and_for_people(report: Report) -> None:
    plain = msgspec.to_builtins(report)
    assert {
        "iid_45_30_25",
        "high_half",
        "worst_case",
        "settings",
        "best_response",
        "equilibrium",
        "live",
    } < plain.keys()
    assert plain["worst_case"].keys() == {"0.7", "1"}
    assert plain["live"].keys() == set(Live.__struct_fields__)
    assert LEANS[0] == 0 and LEANS[-1] == 1
    assert [one["lean"] for one in plain["settings"]] == [LEAN, 1.0]
    assert plain["settings"][0]["worst_case"].keys() == {"iid", "high", "pure"}
    assert plain["settings"][0]["with_gambits"].keys() == set(Wins.__struct_fields__)
    shown = lines(report)
    assert f"{report.settings[0].iid_45_30_25:.4f}" in shown[2]
    for one in (*report.worst_case.values(), report.live.high_half.later_matches.wins):
        assert any(f"{one:.4f}" in line for line in shown)
