"""The tables of the SQLite file, as the steps that lead from one schema to the next.

`log` is the truth, append-only. `matches` and the players' `known` are projections of it, kept by triggers in the
same transaction, so that they can never disagree with it. The server writes all of these. The trainer, another
process, writes what came with schema 2: the `ledger` of promotions, append-only too, its `lease` and its `notices`.
It finds the matches that ended since it last looked by `log_closed`, which no other row of the log pays for. Schema 3
has the like ledger of what sees hands, and the `donations`: images that players gave, which they may take back.
"""

PLAY = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE log (
    position INTEGER PRIMARY KEY,
    match TEXT NOT NULL,
    round INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (match, round, kind)
) STRICT;
CREATE TRIGGER log_append_only BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER log_unchanged BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

CREATE TABLE players (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    known TEXT,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    hash TEXT NOT NULL UNIQUE,
    player TEXT NOT NULL REFERENCES players (id)
) STRICT;
CREATE INDEX tokens_by_player ON tokens (player);

CREATE TABLE matches (
    id TEXT PRIMARY KEY,
    player TEXT NOT NULL,
    player_kind TEXT NOT NULL,
    opponent TEXT NOT NULL,
    alias TEXT NOT NULL,
    client_ref TEXT,
    opened_at INTEGER NOT NULL,
    closed_at INTEGER,
    winner TEXT,
    reason TEXT,
    rounds INTEGER,
    player_score INTEGER,
    version TEXT
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX matches_live ON matches (player) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX matches_by_ref ON matches (player, client_ref) WHERE client_ref IS NOT NULL;
CREATE INDEX matches_by_player ON matches (player, opponent);

CREATE TRIGGER match_opened AFTER INSERT ON log WHEN NEW.kind = 'opened' BEGIN
    INSERT INTO matches (id, player, player_kind, opponent, alias, client_ref, opened_at) VALUES (
        NEW.match, NEW.body ->> '$.player', coalesce(NEW.body ->> '$.player_kind', 'human'),
        NEW.body ->> '$.opponent', NEW.body ->> '$.alias', NEW.body ->> '$.client_ref', NEW.at
    );
END;
CREATE TRIGGER match_closed AFTER INSERT ON log WHEN NEW.kind = 'closed' BEGIN
    SELECT RAISE(ABORT, 'the match is closed') FROM matches WHERE id = NEW.match AND closed_at IS NOT NULL;
    UPDATE matches SET
        closed_at = NEW.at, winner = NEW.body ->> '$.winner', reason = NEW.body ->> '$.reason',
        rounds = NEW.round - 1, player_score = NEW.body ->> '$.scores.player', version = NEW.body ->> '$.version'
    WHERE id = NEW.match;
    UPDATE players SET known = NEW.body -> '$.known'
    WHERE id = (SELECT player FROM matches WHERE id = NEW.match) AND NEW.body ->> '$.reason' != 'void';
END;
"""

LIFECYCLE = """
CREATE TABLE ledger (number INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, body TEXT NOT NULL) STRICT;
CREATE TRIGGER ledger_append_only BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_unchanged BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_in_order BEFORE INSERT ON ledger
WHEN NEW.number != (SELECT coalesce(max(number), 0) + 1 FROM ledger) BEGIN
    SELECT RAISE(ABORT, 'the ledger has moved on');
END;
CREATE TRIGGER ledger_once BEFORE INSERT ON ledger WHEN EXISTS (SELECT 1 FROM ledger WHERE hash = NEW.hash) BEGIN
    SELECT RAISE(ABORT, 'the ledger has this entry already');  -- OR REPLACE would remove the earlier one unseen
END;

CREATE INDEX log_closed ON log (position) WHERE kind = 'closed';

CREATE TABLE lease (name TEXT PRIMARY KEY, holder TEXT NOT NULL, beat INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE notices (name TEXT PRIMARY KEY, body TEXT NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
"""

GESTURES = """
CREATE TABLE gesture_ledger (number INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, body TEXT NOT NULL) STRICT;
CREATE TRIGGER gesture_ledger_append_only BEFORE DELETE ON gesture_ledger BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;
CREATE TRIGGER gesture_ledger_unchanged BEFORE UPDATE ON gesture_ledger BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;
CREATE TRIGGER gesture_ledger_in_order BEFORE INSERT ON gesture_ledger
WHEN NEW.number != (SELECT coalesce(max(number), 0) + 1 FROM gesture_ledger) BEGIN
    SELECT RAISE(ABORT, 'the ledger has moved on');
END;
CREATE TRIGGER gesture_ledger_once BEFORE INSERT ON gesture_ledger
WHEN EXISTS (SELECT 1 FROM gesture_ledger WHERE hash = NEW.hash) BEGIN
    SELECT RAISE(ABORT, 'the ledger has this entry already');
END;

CREATE TABLE donations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    player TEXT NOT NULL REFERENCES players (id),
    match TEXT NOT NULL,
    round INTEGER NOT NULL,
    label TEXT NOT NULL,
    consented_at INTEGER NOT NULL,
    image BLOB NOT NULL,
    UNIQUE (player, match, round)
) STRICT;
"""

STEPS = (PLAY, LIFECYCLE, GESTURES)
"""Step n makes a file of schema n of one of schema n-1; a new file takes them all."""

TOKENS_KEPT = 8
"""Tokens of one player that can be valid at once: replies that were lost on their way must not lock anybody out."""
