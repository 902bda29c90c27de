"""The tables in PostgreSQL, as the steps that lead from one schema to the next.

They are those of the SQLite file (`server.tables`), with equal names and columns, but for `knowledge`. What several
servers need came with them: `log_head`, whose one row every commit updates, so that its lock puts the commits of all
servers in one order and positions are without gaps, and `claims`, which say whose server may write a player's matches.
`schema_steps` names the steps that were taken; a step that has been taken anywhere is never changed.
"""

PLAY = """
CREATE TABLE settings (name text PRIMARY KEY, value text NOT NULL);

CREATE TABLE log_head (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    position bigint NOT NULL
);
INSERT INTO log_head (position) VALUES (0);

CREATE TABLE claims (player text PRIMARY KEY, epoch bigint NOT NULL, server text NOT NULL);

CREATE TABLE log (
    position bigint PRIMARY KEY,
    match text NOT NULL,
    round integer NOT NULL,
    kind text NOT NULL,
    at bigint NOT NULL,
    body text NOT NULL,
    UNIQUE (match, round, kind)
);
CREATE INDEX log_closed ON log (position) WHERE kind = 'closed';

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the % is append-only', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('log');

CREATE TABLE players (
    id text PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL
);

-- What is known of a player's play. It is a table of its own because it is written under the lock of log_head: a row of
-- `players` may be held by a server that was stopped in the middle of a statement, and no commit is to wait for that.
CREATE TABLE knowledge (player text PRIMARY KEY, known text NOT NULL);

CREATE TABLE tokens (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash text NOT NULL UNIQUE,
    player text NOT NULL REFERENCES players (id)
);
CREATE INDEX tokens_by_player ON tokens (player, number);

CREATE TABLE matches (
    id text PRIMARY KEY,
    player text NOT NULL,
    player_kind text NOT NULL,
    opponent text COLLATE "C" NOT NULL,
    alias text COLLATE "C" NOT NULL,
    client_ref text,
    opened_at bigint NOT NULL,
    closed_at bigint,
    winner text,
    reason text,
    rounds integer,
    player_score integer,
    version text COLLATE "C"
);
CREATE UNIQUE INDEX matches_live ON matches (player) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX matches_by_ref ON matches (player, client_ref) WHERE client_ref IS NOT NULL;
CREATE INDEX matches_by_player ON matches (player, opponent);

CREATE FUNCTION match_opened() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    told json := NEW.body;
BEGIN
    INSERT INTO matches (id, player, player_kind, opponent, alias, client_ref, opened_at) VALUES (
        NEW.match, told ->> 'player', coalesce(told ->> 'player_kind', 'human'),
        told ->> 'opponent', told ->> 'alias', told ->> 'client_ref', NEW.at
    );
    RETURN NULL;
END $$;
CREATE TRIGGER match_opened AFTER INSERT ON log FOR EACH ROW WHEN (NEW.kind = 'opened')
    EXECUTE FUNCTION match_opened();

CREATE FUNCTION match_closed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    told json := NEW.body;
BEGIN
    IF EXISTS (SELECT FROM matches WHERE id = NEW.match AND closed_at IS NOT NULL) THEN
        RAISE EXCEPTION 'the match is closed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    UPDATE matches SET
        closed_at = NEW.at, winner = told ->> 'winner', reason = told ->> 'reason', rounds = NEW.round - 1,
        player_score = (told #>> '{scores,player}')::integer, version = told ->> 'version'
    WHERE id = NEW.match;
    IF told ->> 'reason' <> 'void' THEN
        INSERT INTO knowledge SELECT player, told ->> 'known' FROM matches WHERE id = NEW.match
            ON CONFLICT (player) DO UPDATE SET known = excluded.known;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER match_closed AFTER INSERT ON log FOR EACH ROW WHEN (NEW.kind = 'closed')
    EXECUTE FUNCTION match_closed();

-- Append these rows, all or none, if the players are held with these epochs, and then give the claimant the players
-- it claims: `given` are their new epochs. The lock of log_head's row is taken before anything is looked at, so that
-- whoever held a player has committed by then or is refused later. COMMIT in here gives the lock back: a server that is
-- stopped in the middle of what it sends or hears can never hold it.
CREATE PROCEDURE append_rows(
    matches text[], rounds integer[], kinds text[], ats bigint[], bodies text[], players text[], epochs bigint[],
    claimed text[], claimant text, INOUT given bigint[]
) LANGUAGE plpgsql AS $$
DECLARE
    head bigint;
    lost text;
    wanted text;
    latest bigint;
BEGIN
    UPDATE log_head SET position = position + cardinality(matches) RETURNING position - cardinality(matches) INTO head;
    SELECT held.player INTO lost FROM unnest(players, epochs) AS held (player, epoch)
        LEFT JOIN claims USING (player) WHERE claims.epoch IS DISTINCT FROM held.epoch LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'player % has been claimed by another server', lost USING ERRCODE = 'RP001';
    END IF;
    INSERT INTO log (position, match, round, kind, at, body)
        SELECT head + added.number, added.match, added.round, added.kind, added.at, added.body
        FROM unnest(matches, rounds, kinds, ats, bodies)
            WITH ORDINALITY AS added (match, round, kind, at, body, number)
        ORDER BY added.number;
    given := '{}';
    FOREACH wanted IN ARRAY claimed LOOP
        INSERT INTO claims VALUES (wanted, 1, claimant)
            ON CONFLICT (player) DO UPDATE SET epoch = claims.epoch + 1, server = claimant RETURNING epoch INTO latest;
        PERFORM pg_notify(
            'rps_claims', json_build_object('player', wanted, 'epoch', latest, 'server', claimant)::text
        );
        given := given || latest;
    END LOOP;
    COMMIT;
END $$;

-- The player of a token, and those issued before it revoked. The player's row orders this with `issue_token`.
CREATE FUNCTION admit_token(shown text) RETURNS SETOF players LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM players WHERE id = (SELECT player FROM tokens WHERE hash = shown) FOR NO KEY UPDATE;
    DELETE FROM tokens USING tokens AS known
        WHERE known.hash = shown AND tokens.player = known.player AND tokens.number < known.number;
    RETURN QUERY SELECT players.* FROM players JOIN tokens ON players.id = tokens.player WHERE tokens.hash = shown;
END $$;

-- A further token of the player, of whom the newest so many are kept.
CREATE FUNCTION issue_token(issued_to text, issued text, kept integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM players WHERE id = issued_to FOR NO KEY UPDATE;
    INSERT INTO tokens (hash, player) VALUES (issued, issued_to);
    DELETE FROM tokens WHERE player = issued_to AND number <= (
        SELECT number FROM tokens WHERE player = issued_to ORDER BY number DESC LIMIT 1 OFFSET kept
    );
END $$;
"""

LIFECYCLE = """
CREATE TABLE ledger (number bigint PRIMARY KEY, hash text NOT NULL UNIQUE, body text NOT NULL);
CREATE TABLE gesture_ledger (number bigint PRIMARY KEY, hash text NOT NULL UNIQUE, body text NOT NULL);

-- A ledger grows by the next number alone. Of two who add the same one at once the keys refuse the second.
CREATE FUNCTION next_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    newest bigint;
    known boolean;
BEGIN
    EXECUTE format('SELECT (SELECT max(number) FROM %1$I), EXISTS (SELECT FROM %1$I WHERE hash = $1)', TG_TABLE_NAME)
        INTO newest, known USING NEW.hash;
    IF NEW.number IS DISTINCT FROM coalesce(newest, 0) + 1 THEN
        RAISE EXCEPTION 'the ledger has moved on' USING ERRCODE = 'unique_violation';
    ELSIF known THEN
        RAISE EXCEPTION 'the ledger has this entry already' USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ledger_in_order BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION next_entry();
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('ledger');
CREATE TRIGGER gesture_ledger_in_order BEFORE INSERT ON gesture_ledger FOR EACH ROW EXECUTE FUNCTION next_entry();
CREATE TRIGGER gesture_ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON gesture_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('ledger');

CREATE TABLE lease (name text PRIMARY KEY, holder text NOT NULL, beat bigint NOT NULL);
CREATE TABLE notices (name text PRIMARY KEY, body text NOT NULL, at bigint NOT NULL);
"""

GESTURES = """
CREATE TABLE donations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    player text NOT NULL REFERENCES players (id),
    match text NOT NULL,
    round integer NOT NULL,
    label text NOT NULL,
    consented_at bigint NOT NULL,
    image bytea NOT NULL,
    UNIQUE (player, match, round)
);
ALTER TABLE donations ALTER COLUMN image SET STORAGE EXTERNAL;

-- Keep an image unless the player has given so many already. The player's row orders this with `count_given`.
CREATE FUNCTION give(
    giver text, its_match text, its_round integer, its_label text, agreed_at bigint, given bytea, most integer
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM players WHERE id = giver FOR NO KEY UPDATE;
    INSERT INTO donations (player, match, round, label, consented_at, image)
        SELECT giver, its_match, its_round, its_label, agreed_at, given
        WHERE (SELECT count(*) FROM donations WHERE player = giver) < most;
END $$;

CREATE FUNCTION count_given(giver text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM players WHERE id = giver FOR NO KEY UPDATE;
    RETURN (SELECT count(*) FROM donations WHERE player = giver);
END $$;
"""

STEPS = (PLAY, LIFECYCLE, GESTURES)
"""Step n makes a database of schema n of one of schema n-1; a new one takes them all."""
