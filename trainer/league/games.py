"""Recorded games read from one file in the human-play format, for scoring: every fault is one line for a person.

One row is one round (columns: dataset, game_id, player, round, player_move, opponent_move, and opponent_kind where the
file tells it). Players keep the order in which the file names them, so do a player's games, and rounds go by number.
"""

import csv
import gzip
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterator
from itertools import pairwise
from pathlib import Path

from msgspec import Struct

from trainer.errors import TrainerError

COLUMNS = ("dataset", "game_id", "player", "round", "player_move", "opponent_move")
KIND = "opponent_kind"
_MOVES = {"R": 0, "P": 1, "S": 2}
_NO_MOVE = ("N", "")
"""A side that did not throw in time; the round is left out."""


class Game(Struct, frozen=True):
    """The throws of one player's game in order, as (player, opponent) indices into `MOVES`; at least one.

    `opponent` is what kind it was, for one such as `bot:copies` also told by what comes before the colon; empty where
    the file does not tell.
    """

    player: str
    dataset: str
    name: str
    opponent: str
    throws: list[tuple[int, int]]


class _Row(Struct, frozen=True):
    line: int
    dataset: str
    game: str
    player: str
    opponent: str
    round: int
    throw: tuple[int, int] | None


def read(file: Path, players: Collection[str] | None = None) -> list[Game]:
    """The games in the file, each player's one after another; of `players` alone where they are named.

    Raises TrainerError where the file cannot be read, is not of this format, or nothing is left of it.
    """
    wanted = (row for row in _rows(file) if players is None or row.player in players)
    careers: dict[str, dict[tuple[str, str], list[_Row]]] = defaultdict(lambda: defaultdict(list))
    for row in wanted:
        careers[row.player][row.dataset, row.game].append(row)
    games = [_game(file, rows) for career in careers.values() for rows in career.values()]
    if not (found := [game for game in games if game.throws]):
        whose = "" if players is None else " of these players"
        raise TrainerError(f"{file} holds no round{whose} in which both sides threw.")
    return found


def _game(file: Path, rows: list[_Row]) -> Game:
    rows.sort(key=lambda row: row.round)
    for row, following in pairwise(rows):
        if row.round == following.round:
            raise TrainerError(f"{file}, line {following.line}: round {row.round} of game {row.game} is there twice.")
    first = rows[0]
    throws = [row.throw for row in rows if row.throw is not None]
    return Game(first.player, first.dataset, first.game, first.opponent, throws)


def _rows(file: Path) -> Iterator[_Row]:
    try:
        with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
            table = csv.DictReader(text)
            if missing := [name for name in COLUMNS if name not in (table.fieldnames or ())]:
                raise TrainerError(f"{file} has no column {', '.join(missing)}.")
            for cells in table:
                yield _row(f"{file}, line {table.line_num}", table.line_num, cells)
    except gzip.BadGzipFile as error:
        raise TrainerError(f"{file} is not a gzip file.") from error
    except (EOFError, zlib.error) as error:
        raise TrainerError(f"{file} is damaged: it cannot be unpacked to its end.") from error
    except OSError as error:
        raise TrainerError(f"{file} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise TrainerError(f"{file} is not a CSV file in UTF-8: {error}.") from error


def _row(where: str, line: int, cells: dict[str, str | None]) -> _Row:
    for name in COLUMNS:
        if cells[name] is None or (not cells[name] and not name.endswith("_move")):
            raise TrainerError(f"{where}: there is no {name}.")
    dataset, game, player, number, *moves = (cells[name] or "" for name in COLUMNS)
    if not (number.isascii() and number.isdigit()):
        raise TrainerError(f"{where}: round {number!r} is not a whole number.")
    if unknown := [move for move in moves if move not in _MOVES and move not in _NO_MOVE]:
        raise TrainerError(f"{where}: {unknown[0]!r} is no move; moves are R, P, S, and N for none.")
    mine, theirs = (_MOVES.get(move) for move in moves)
    throw = None if mine is None or theirs is None else (mine, theirs)
    return _Row(line, dataset, game, player, cells.get(KIND) or "", int(number), throw)
