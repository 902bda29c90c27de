"""The mirror's tables: those of the server's SQLite file that readers of the log use, with all that they rely on."""

FORM = 1
"""To be raised when the tables change: a mirror of another form is made again."""

TABLES = (
    """
    CREATE TABLE log (
        position INTEGER PRIMARY KEY,
        match TEXT NOT NULL,
        round INTEGER NOT NULL,
        kind TEXT NOT NULL,
        at INTEGER NOT NULL,
        body TEXT NOT NULL,
        UNIQUE (match, round, kind)
    ) STRICT
    """,
    "CREATE TRIGGER log_append_only BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END",
    "CREATE TRIGGER log_unchanged BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END",
    "CREATE INDEX log_closed ON log (position) WHERE kind = 'closed'",
    """
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
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TRIGGER match_opened AFTER INSERT ON log WHEN NEW.kind = 'opened' BEGIN
        INSERT INTO matches (id, player, player_kind, opponent, alias, client_ref, opened_at) VALUES (
            NEW.match, NEW.body ->> '$.player', coalesce(NEW.body ->> '$.player_kind', 'human'),
            NEW.body ->> '$.opponent', NEW.body ->> '$.alias', NEW.body ->> '$.client_ref', NEW.at
        );
    END
    """,
    """
    CREATE TRIGGER match_closed AFTER INSERT ON log WHEN NEW.kind = 'closed' BEGIN
        UPDATE matches SET
            closed_at = NEW.at, winner = NEW.body ->> '$.winner', reason = NEW.body ->> '$.reason',
            rounds = NEW.round - 1, player_score = NEW.body ->> '$.scores.player', version = NEW.body ->> '$.version'
        WHERE id = NEW.match;
    END
    """,
)
