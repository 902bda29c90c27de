"""Human play from laboratory files: sequences of throws without points, played again by our rules.

One file row is one round (columns: dataset, game_id, player, round, player_move, opponent_move, ...). The opponent of
the experiment plays the bot's part. A player's rounds run as consecutive matches with drawn values and real scoring,
so that every feature has the distribution it has in a game. `cc0_games.csv` lists the games that may be published.
"""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from msgspec import Struct

from game.moves import MOVES, outcome
from game.points import TARGET, Values, gains, round_values
from trainer.data.columns import Known, Rounds
from trainer.data.scoring import draw_seed

CC0_LIST = "cc0_games.csv"
CC0_FILE = "eb_v2_v3_train.csv.gz"
FILES = "*_train.csv.gz"

_MOVES = dict(zip("RPS", range(3), strict=True))


class Career(Struct, frozen=True):
    """All throws of one player in the order of play, as (player, opponent) indices into `MOVES`."""

    player: str
    dataset: str
    throws: list[tuple[int, int]]


def read(data: Path, only_cc0: bool = True) -> list[Career]:
    """The careers in the folder `data`, by player; with `only_cc0` those of the publishable games alone."""
    if not only_cc0:
        return _careers(row for path in sorted(data.glob(FILES)) for row in _rows(path))
    free = {row["game_id"] for row in _rows(data / CC0_LIST)}
    return _careers(row for row in _rows(data / CC0_FILE) if row["game_id"] in free)


def _rows(path: Path) -> Iterable[dict[str, str]]:
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _careers(rows: Iterable[dict[str, str]]) -> list[Career]:
    games: dict[tuple[str, str, str], list[tuple[int, int, int]]] = defaultdict(list)
    for row in rows:
        player, opponent = _MOVES.get(row["player_move"]), _MOVES.get(row["opponent_move"])
        if player is not None and opponent is not None:
            games[row["player"], row["dataset"], row["game_id"]].append((int(row["round"]), player, opponent))
    throws: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for (name, dataset, _), rounds in sorted(games.items()):
        throws[name, dataset] += [(player, opponent) for _, player, opponent in sorted(rounds)]
    return [Career(name, dataset, played) for (name, dataset), played in throws.items()]


def play(careers: list[Career], owners: Iterable[int], random: np.random.Generator) -> Rounds:
    """The careers under our rules; `owners` are the players' indices. The same generator state, the same rounds."""
    columns = [row for career in careers for row in _play(career, random)]
    player, bot, values, player_score, bot_score, step = zip(*columns, strict=True) if columns else ((),) * 6
    return Rounds(
        player=np.array(player, np.int8),
        bot=np.array(bot, np.int8),
        values=np.array(values, np.int16).reshape(-1, 3),
        player_score=np.array(player_score, np.int16),
        bot_score=np.array(bot_score, np.int16),
        step=np.array(step, np.int32),
        starts=np.cumsum([0, *(len(career.throws) for career in careers)])[:-1],
        owner=np.fromiter(owners, np.int32),
        known=Known.nothing(len(careers)),
    )


_Row = tuple[int, int, tuple[int, int, int], int, int, int]


def _play(career: Career, random: np.random.Generator) -> Iterable[_Row]:
    """(player, bot, values, scores before the round, step) of each round of a career."""
    seed, step, to_player, to_bot = draw_seed(random), 1, 0, 0
    for player, bot in career.throws:
        values = round_values(seed, step)
        yield player, bot, _in_order(values), to_player, to_bot, step
        more = gains(MOVES[player], MOVES[bot], outcome(MOVES[player], MOVES[bot]), values)
        step, to_player, to_bot = step + 1, to_player + more[0], to_bot + more[1]
        if max(to_player, to_bot) >= TARGET:
            seed, step, to_player, to_bot = draw_seed(random), 1, 0, 0


def _in_order(values: Values) -> tuple[int, int, int]:
    rock, paper, scissors = MOVES
    return values[rock], values[paper], values[scissors]
