"""Who looks scripted counts less, by two signs and not by one; of bots' matches the same share is taken everywhere."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from game.moves import MOVES, Move
from game.records import PlayerKind
from trainer.data.intake import UNTIMED, Intake, fold, histories
from trainer.data.log import entries, opened
from trainer.data.sessions import PAUSE_MS, SCRIPTED_WEIGHT, SUSPECT, TIMED, counts, weigh

LogOf = Callable[..., Path]
Style = Callable[[int, int], Move]
Pace = Callable[[Random], int]

DRAWS = Random(3).choices(MOVES, k=1000)


def any_move(player: int, played: int) -> Move:
    return DRAWS[played]


def rock(player: int, played: int) -> Move:
    return MOVES[0]


def round_and_round(player: int, played: int) -> Move:
    return MOVES[played % 3]


def human(random: Random) -> int:
    return round(900 * random.lognormvariate(0, 0.5))


def clockwork(random: Random) -> int:
    return random.randint(990, 1010)


def hasty(random: Random) -> int:
    return random.randint(10, 140)


def hasty_clockwork(random: Random) -> int:
    return random.randint(49, 51)


def at_once(random: Random) -> int:
    return random.randint(0, 2)


def clock_put_back(random: Random) -> int:
    return -5000 if random.random() < 0.5 else human(random)


def read(database: Path) -> Intake:
    with opened(database) as connection:
        return histories(fold(entries(connection), []))


TABLE: list[tuple[Style, Pace, set[str]]] = [
    (any_move, human, set()),
    (rock, human, {"entropy"}),
    (round_and_round, human, {"entropy"}),
    (any_move, clockwork, {"timing"}),
    (any_move, hasty, {"rate"}),
    (any_move, clock_put_back, set()),
    (any_move, hasty_clockwork, {"rate", "timing"}),
    (any_move, at_once, {"rate", "timing"}),
    (rock, hasty, {"rate", "entropy"}),
    (round_and_round, clockwork, {"timing", "entropy"}),
    (rock, hasty_clockwork, {"rate", "timing", "entropy"}),
]


@pytest.mark.parametrize(("style", "pace", "signs"), TABLE)
def test_two_signs_weigh_a_session_down_and_one_does_not(
    log_of: LogOf, style: Style, pace: Pace, signs: set[str]
) -> None:
    intake = read(log_of(1, 8, style, pace=pace))
    weight, report = weigh(intake)
    assert report.sessions == 1
    assert {name for name, number in report.signs.items() if number} == signs
    scripted = len(signs) >= SUSPECT
    assert set(weight.tolist()) == {np.float32(SCRIPTED_WEIGHT) if scripted else 1.0}
    assert (report.scripted, report.rounds) == (scripted, scripted * int(intake.rounds.played.sum()))


def test_only_the_scripted_of_several_players_is_weighed_down(log_of: LogOf) -> None:
    def one_of_three(player: int, played: int) -> Move:
        return rock(player, played) if player == 1 else DRAWS[player * 300 + played]

    intake = read(log_of(3, 8, one_of_three))
    first = np.flatnonzero(intake.rounds.owners == 1)
    took = intake.took.copy()
    took[first] = 100
    weight, report = weigh(replace(intake, took=took))
    assert report.sessions == 3 and report.scripted == 1 and report.signs == {"rate": 1, "timing": 1, "entropy": 1}
    assert (np.flatnonzero(weight < 1) == first).all()


def test_a_throw_whose_clock_went_back_has_no_time(log_of: LogOf) -> None:
    took = read(log_of(1, 8, any_move, pace=lambda random: -1000)).took
    assert (took == UNTIMED).all()


def test_a_session_ends_with_a_pause_and_short_ones_are_not_judged(log_of: LogOf) -> None:
    intake = read(log_of(1, 8, rock, pace=clockwork))
    long_ago = replace(intake, opened_at=np.arange(8) * PAUSE_MS)
    assert int(np.diff(intake.rounds.starts).max()) < TIMED
    weight, report = weigh(long_ago)
    assert report.sessions == 8 and report.signs == {"rate": 0, "timing": 0, "entropy": 0} and (weight == 1).all()


def test_nobody_has_played(log_of: LogOf) -> None:
    weight, report = weigh(read(log_of(0, 0)))
    assert len(weight) == 0 and report.sessions == report.rounds == 0


def test_people_count_all_and_others_by_the_same_share_everywhere() -> None:
    names = [f"match-{number}" for number in range(4000)]
    assert all(counts(name, PlayerKind.HUMAN, 0.0) for name in names)
    kept = {name for name in names if counts(name, PlayerKind.BOT, 0.1)}
    assert 300 < len(kept) < 500
    assert kept == {name for name in names if counts(name, "test", 0.1)}
    assert kept < {name for name in names if counts(name, PlayerKind.BOT, 0.2)}
    assert not any(counts(name, PlayerKind.BOT, 0.0) for name in names)
    assert all(counts(name, PlayerKind.BOT, 1.0) for name in names)
