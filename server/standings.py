"""What the log says of all matches: the leaderboard, and how opponents and model versions fare."""

from typing import Protocol

from msgspec import Struct

from game.rates import wilson

LEADERS = 20


class Standing(Struct, frozen=True):
    """A player's finished matches; `points` in tenths."""

    name: str
    wins: int
    losses: int
    ties: int
    points: int


class Served(Struct, frozen=True):
    """How one version did as `alias` in matches that reached the target, in the bot's view.

    `alias` is an arm: the version "equilibrium" as `control` is what models are compared with. `win_rate` counts a
    tie half; `interval` holds the true rate with 95 % confidence.
    """

    opponent: str
    version: str
    alias: str
    matches: int
    wins: int
    ties: int
    win_rate: float
    interval: tuple[float, float]


def served(opponent: str, version: str, alias: str, matches: int, wins: int, ties: int) -> Served:
    """The row with its win rate; there is at least one match."""
    won = wins + ties / 2
    return Served(opponent, version, alias, matches, wins, ties, won / matches, wilson(won, matches))


class Totals(Struct, frozen=True):
    matches: int
    live: int
    rounds: int


class Standings(Protocol):
    """All raise LogUnavailable."""

    async def leaders(self) -> list[Standing]:
        """The best players, by wins."""

    async def served(self) -> list[Served]:
        """Every version that has finished matches."""

    async def totals(self) -> Totals:
        """Everything that was ever played."""


# PostgreSQL and SQLite understand the same.
LEADERS_SQL = f"""
SELECT name, count(*) FILTER (WHERE winner = 'player') AS wins, count(*) FILTER (WHERE winner = 'bot'),
    count(*) FILTER (WHERE winner = 'tie'), sum(player_score)
FROM matches JOIN players ON players.id = player
WHERE closed_at IS NOT NULL AND reason != 'void' AND player_kind = 'human'
GROUP BY player, name ORDER BY wins DESC, count(*), name LIMIT {LEADERS}
"""
SERVED_SQL = """
SELECT opponent, version, alias, count(*),
    count(*) FILTER (WHERE winner = 'bot'), count(*) FILTER (WHERE winner = 'tie')
FROM matches WHERE reason = 'target' GROUP BY opponent, version, alias ORDER BY opponent, alias, version
"""
TOTALS_SQL = """
SELECT count(closed_at), count(*) - count(closed_at), coalesce(sum(rounds), 0) FROM matches
"""
