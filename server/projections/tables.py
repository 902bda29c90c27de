"""The tables of the standings, and the statements on them that SQLite and PostgreSQL understand alike."""

from server.standings import LEADERS

SQLITE = """
CREATE TABLE IF NOT EXISTS standings_head (
    one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL,
    matches INTEGER NOT NULL, rounds INTEGER NOT NULL
) STRICT;
INSERT INTO standings_head VALUES (1, 0, 0, 0) ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS standings_live (
    match TEXT PRIMARY KEY, player TEXT NOT NULL, human INTEGER NOT NULL, opponent TEXT NOT NULL, alias TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS standings_players (
    player TEXT PRIMARY KEY, wins INTEGER NOT NULL, losses INTEGER NOT NULL, ties INTEGER NOT NULL,
    points INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS standings_leaders ON standings_players (wins DESC);
CREATE TABLE IF NOT EXISTS standings_versions (
    opponent TEXT NOT NULL, version TEXT NOT NULL, alias TEXT NOT NULL,
    matches INTEGER NOT NULL, wins INTEGER NOT NULL, ties INTEGER NOT NULL, PRIMARY KEY (opponent, version, alias)
) STRICT, WITHOUT ROWID;
"""
POSTGRES = """
CREATE TABLE IF NOT EXISTS standings_head (
    one integer PRIMARY KEY CHECK (one = 1), position bigint NOT NULL,
    matches bigint NOT NULL, rounds bigint NOT NULL
);
INSERT INTO standings_head VALUES (1, 0, 0, 0) ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS standings_live (
    match text PRIMARY KEY, player text NOT NULL, human boolean NOT NULL, opponent text NOT NULL, alias text NOT NULL
);
CREATE TABLE IF NOT EXISTS standings_players (
    player text PRIMARY KEY, wins bigint NOT NULL, losses bigint NOT NULL, ties bigint NOT NULL, points bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS standings_leaders ON standings_players (wins DESC);
CREATE TABLE IF NOT EXISTS standings_versions (
    opponent text NOT NULL, version text NOT NULL, alias text NOT NULL,
    matches bigint NOT NULL, wins bigint NOT NULL, ties bigint NOT NULL, PRIMARY KEY (opponent, version, alias)
);
"""

FORGET = ("DELETE FROM standings_live", "DELETE FROM standings_players", "DELETE FROM standings_versions")
START = "UPDATE standings_head SET position = 0, matches = 0, rounds = 0"

POSITION = "SELECT position FROM standings_head"
MOVE = """
UPDATE standings_head SET position = $2, matches = matches + $3, rounds = rounds + $4 WHERE position = $1
"""
SEAT = "INSERT INTO standings_live VALUES ($1, $2, $3, $4, $5)"
LEAVE = "DELETE FROM standings_live WHERE match = $1"
ADD_PLAYER = """
INSERT INTO standings_players AS old VALUES ($1, $2, $3, $4, $5) ON CONFLICT (player) DO UPDATE SET
    wins = old.wins + excluded.wins, losses = old.losses + excluded.losses,
    ties = old.ties + excluded.ties, points = old.points + excluded.points
"""
ADD_VERSION = """
INSERT INTO standings_versions AS old VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (opponent, version, alias) DO UPDATE SET
    matches = old.matches + excluded.matches, wins = old.wins + excluded.wins, ties = old.ties + excluded.ties
"""

LEADERS_SQL = f"""
SELECT name, wins, losses, ties, points FROM standings_players JOIN players ON players.id = player
ORDER BY wins DESC, wins + losses + ties, name {{collation}}, player LIMIT {LEADERS}
"""
VERSIONS_SQL = """
SELECT opponent, version, alias, matches, wins, ties FROM standings_versions
ORDER BY opponent {collation}, alias {collation}, version {collation}
"""
TOTALS_SQL = "SELECT matches, (SELECT count(*) FROM standings_live), rounds FROM standings_head"
