"""What the log says of all matches: the leaderboard, and how opponents and model versions fare."""

from typing import Protocol

from msgspec import Struct

LEADERS = 20


class Standing(Struct, frozen=True):
    """A player's finished matches; `points` in tenths."""

    name: str
    wins: int
    losses: int
    ties: int
    points: int


class Served(Struct, frozen=True):
    """How one model version did as `alias` in matches that reached the target, in the bot's view."""

    opponent: str
    version: str
    alias: str
    matches: int
    wins: int
    ties: int


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


LEADERS_SQL = f"""
SELECT name, sum(winner = 'player') AS wins, sum(winner = 'bot'), sum(winner = 'tie'), sum(player_score)
FROM matches JOIN players ON players.id = player
WHERE closed_at IS NOT NULL AND reason != 'void' AND player_kind = 'human'
GROUP BY player ORDER BY wins DESC, count(*), name LIMIT {LEADERS}
"""
SERVED_SQL = """
SELECT opponent, version, alias, count(*), sum(winner = 'bot'), sum(winner = 'tie')
FROM matches WHERE reason = 'target' GROUP BY opponent, version, alias ORDER BY opponent, alias, version
"""
TOTALS_SQL = """
SELECT count(closed_at), count(*) - count(closed_at), coalesce(sum(rounds), 0) FROM matches
"""
