"""The scoreboard is what a naive recount of the log says, whatever happened to the process or its checkpoint."""

import signal
import sqlite3
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from math import log
from pathlib import Path
from random import Random

import pytest
from msgspec import json
from msgspec.structs import replace
from support.database import add, made

from game import match as rules
from game.assignment import Alias, Arm
from game.events import Answer, Ask, Effect, Leave, Throw, Write
from game.gambits import choose
from game.knowledge import NOTHING
from game.moves import INDEX, MOVES
from game.records import Closed, Input, Opened, Played, PlayerKind, Prediction, Reason, Record, Sealed, Winner
from game.state import NO_MODEL
from trainer import __main__ as command
from trainer.data import log as rounds
from trainer.scoreboard import board as boards
from trainer.scoreboard.board import Board, whole
from trainer.scoreboard.report import Report
from trainer.scoreboard.shown import MOST, WEEK_MS, shown
from trainer.scoreboard.totals import EDGES, Totals

FAMILIES = ("brian", "logan")
ARMS = (Arm.PRODUCTION, Arm.B, Arm.CONTROL)


class Table:
    """One match under way, played by chance; version `NAME-1` gives way to `NAME-2` after a while."""

    def __init__(self, number: int, random: Random, swap: int) -> None:
        self._random, self._swap, self._clock = random, swap, 1000 * number
        self._family = FAMILIES[number % 2]
        opened = Opened(
            match=f"m{number}", player=f"p{number}", opponent=self._family, alias=ARMS[number % 3],
            gambit=choose(random.random()), seed=random.randbytes(16).hex(), known=NOTHING, at=self._clock,
            player_kind=list(PlayerKind)[number % 2],
        )  # fmt: skip
        self.match, self._effects = rules.start(opened)

    def step(self) -> Iterator[Record]:
        """The records of the next thing that happens; of the opening at first."""
        yield from written(self._effects)
        self._clock += 10
        ask = next((effect for effect in self._effects if isinstance(effect, Ask)), None)
        if ask is not None:
            said = {} if self._random.random() < 0.1 else self._expected()
            answer = Answer(ask, said, self._random.random(), "ab" * 32, at=self._clock)
            self.match, self._effects = rules.step(self.match, answer)
        else:
            how = self._random.choice(list(Input))
            move = self._random.choice(MOVES[:2])
            self.match, self._effects = rules.step(self.match, Throw(self.match.round, move, how, at=self._clock))
        if self.match.closed is not None:
            yield from written(self._effects)

    def leave(self) -> Iterator[Record]:
        yield from written(self._effects)
        self.match, self._effects = rules.step(self.match, Leave(Reason.LEFT, at=self._clock))
        yield from written(self._effects)

    def _expected(self) -> dict[Alias, Prediction]:
        generation = 1 if self.match.round < self._swap else 2
        return {alias: Prediction(f"{self._family}-{alias}-{generation}", self._chances()) for alias in Alias} | {
            Alias.SHADOW2: Prediction(f"{self._family}-B-{generation}", (0.4, 0.4, 0.2))
        }

    def _chances(self) -> tuple[float, float, float]:
        first, second = sorted((self._random.random(), self._random.random()))
        return self._random.choice([(first, second - first, 1 - second), (0.0, 0.0, 1.0), (1 / 3, 1 / 3, 1 / 3)])


def written(effects: list[Effect]) -> Iterator[Record]:
    return (effect.record for effect in effects if isinstance(effect, Write))


def interleaved(matches: int, seed: int = 1) -> list[Record]:
    """Matches of which eight are always under way at once; some are left, and the last ones stay unfinished."""
    random = Random(seed)
    waiting = [Table(number, random, swap=5 if number % 5 == 0 else 99) for number in range(matches)]
    live: list[Table] = []
    found: list[Record] = []
    while waiting:
        while waiting and len(live) < 8:
            live.append(waiting.pop(0))
        table = random.choice(live)
        found += table.step()
        if table.match.closed is None and random.random() < 0.002:
            found += table.leave()
        if table.match.closed is not None:
            live.remove(table)
    return found


class Recount:
    """The same numbers, each counted the simplest way from a list of records that all fit together."""

    def __init__(self, found: Iterable[Record]) -> None:
        self.rounds: Counter[str] = Counter()
        self.sums: dict[tuple[str, ...], float] = defaultdict(float)
        opened: dict[str, Opened] = {}
        sealed: dict[str, list[Sealed]] = defaultdict(list)
        for one in found:
            if isinstance(one, Opened):
                opened[one.match] = one
            elif isinstance(one, Sealed):
                sealed[one.match].append(one)
            elif isinstance(one, Played):
                self.rounds[opened[one.match].player_kind] += 1
                self._play(opened[one.match].family, sealed[one.match][-1], one)
            elif one.reason is Reason.TARGET:
                self._close(opened[one.match], sealed[one.match], one)

    def _play(self, family: str, sealed: Sealed, played: Played) -> None:
        thrown = INDEX[played.player_move]
        for alias, (version, said) in ((a, (p.version, p.probabilities)) for a, p in sealed.predictions.items()):
            key = family, version, alias
            self.sums["predictions", *key] += 1
            self.sums["hits", *key] += (said[thrown] == max(said)) / said.count(max(said))
            self.sums["log_loss", *key] -= log(max(said[thrown], 1e-6))
            self.sums["brier", *key] += sum((p - (at == thrown)) ** 2 for at, p in enumerate(said))
        for version, said in {p.version: p.probabilities for p in reversed(sealed.predictions.values())}.items():
            for at, chance in enumerate(said):
                edge = min(edge for edge in EDGES if chance <= edge)
                self.sums["calibrated", family, version, str(edge)] += 1
                self.sums["confidence", family, version, str(edge)] += chance
                self.sums["came", family, version, str(edge)] += at == thrown

    def _close(self, opened: Opened, sealed: list[Sealed], closed: Closed) -> None:
        versions = {one.version for one in sealed} - {NO_MODEL} | {closed.version}
        if opened.alias is Arm.CONTROL:
            versions = {NO_MODEL}
        if len(versions) == 1:
            (version,) = versions
            family = opened.family
            self.sums["matches", family, version, opened.alias, closed.winner] += 1


def sums(totals: Totals) -> dict[tuple[str, ...], float]:
    """The totals in the recount's form, what is 0 left out."""
    found: dict[tuple[str, ...], float] = {}
    for family, versions in totals.families.items():
        for version, standing in versions.items():
            for alias, score in standing.aliases.items():
                for name in ("predictions", "hits", "log_loss", "brier"):
                    found[name, family, version, alias] = getattr(score, name)
            for edge, bin in zip(EDGES, standing.bins, strict=True):
                for name, value in (
                    ("calibrated", bin.predictions), ("confidence", bin.confidence), ("came", bin.hits),
                ):  # fmt: skip
                    found[name, family, version, str(edge)] = value
            for arm, won in standing.matches.items():
                found |= {("matches", family, version, arm, winner): count for winner, count in won.items()}
    return {key: value for key, value in found.items() if value}


def assert_agrees(totals: Totals, found: Iterable[Record]) -> None:
    naive = Recount(found)
    assert totals.rounds == naive.rounds
    assert sums(totals) == pytest.approx({key: value for key, value in naive.sums.items() if value})


@pytest.fixture(scope="module")
def play() -> list[Record]:
    return interleaved(60)


@pytest.fixture
def database(tmp_path: Path, play: list[Record]) -> Path:
    return made(tmp_path, play)


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "SLICE", 37)


def advanced(database: Path, board: Board, seconds: float = 60.0) -> bool:
    with rounds.opened(database) as reader:
        return board.advance(reader, seconds)


def kept(database: Path, path: Path) -> Board:
    """A board that has read the whole log and kept what it counted."""
    board = Board(path)
    assert not advanced(database, board)
    with rounds.opened(database) as reader:
        board.keep(reader)
    return board


def test_totals_are_what_a_naive_recount_of_an_interleaved_log_says(database: Path, play: list[Record]) -> None:
    totals = whole(database)
    assert_agrees(totals, play)
    assert totals.faults == 0 and totals.position == len(play) and len(totals.open) > 3
    assert sum(totals.rounds.values()) == totals.windows.rounds > 500
    arms = {(arm, version) for one in totals.families.values() for version, it in one.items() for arm in it.matches}
    assert {arm for arm, _ in arms} == set(ARMS)
    assert all((version == NO_MODEL) == (arm is Arm.CONTROL) for arm, version in arms)


def test_a_version_under_two_aliases_has_spoken_once_for_itself(database: Path) -> None:
    standing = whole(database).families["brian"]["brian-B-1"]
    assert set(standing.aliases) == {Alias.B, Alias.SHADOW2}
    assert standing.score.predictions == standing.aliases[Alias.B].predictions
    assert sum(bin.predictions for bin in standing.bins) == 3 * standing.score.predictions


@pytest.mark.usefixtures("small_slices")
def test_it_catches_up_over_many_turns_and_follows_what_comes(tmp_path: Path, play: list[Record]) -> None:
    database, half = made(tmp_path, play[: len(play) // 2]), len(play) // 2
    board, turns = Board(tmp_path / "board"), 1
    while advanced(database, board, 0.0):
        assert not board.caught_up
        turns += 1
    assert board.caught_up and turns == half // 37 + 1
    assert_agrees(board.totals, play[:half])
    add(database, play[half:])
    assert not advanced(database, board)
    assert board.totals == whole(database)


def test_a_restart_goes_on_where_it_was_kept(
    tmp_path: Path, play: list[Record], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    database = made(tmp_path, play[:500])
    kept(database, tmp_path / "trainer" / "board")
    add(database, play[500:])
    caplog.clear()
    again = Board(tmp_path / "trainer" / "board")
    assert not advanced(database, again)
    assert again.totals == whole(database)
    assert caplog.text == ""


BEHIND = """
import sys
from pathlib import Path
from trainer.data import log
from trainer.scoreboard import board as boards
boards.SLICE, boards.KEPT_S = 40, 0.0
board = boards.Board(Path(sys.argv[2]))
with log.opened(Path(sys.argv[1])) as reader:
    for _ in range(8):
        board.advance(reader, 0.0)
    boards.KEPT_S = 1e9
    for _ in range(5):
        board.advance(reader, 0.0)
print(board.totals.position, flush=True)
sys.stdin.read()
"""


def test_killed_between_two_saves_it_counts_the_same(tmp_path: Path, database: Path) -> None:
    path = tmp_path / "board"
    with subprocess.Popen(
        [sys.executable, "-c", BEHIND, str(database), str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) == 13 * 40
        process.send_signal(signal.SIGKILL)
    assert b'"position":320' in path.read_bytes()
    board = Board(path)
    assert not advanced(database, board)
    assert board.totals == whole(database)


def torn(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flipped(content: bytes) -> bytes:
    return content.replace(b'"faults":0', b'"faults":1')


def emptied(content: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("harm", [torn, flipped, emptied])
def test_a_damaged_checkpoint_is_told_of_and_counted_anew(
    tmp_path: Path, database: Path, harm: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    path = tmp_path / "board"
    kept(database, path)
    path.write_bytes(harm(path.read_bytes()))
    caplog.clear()
    board = kept(database, path)
    assert board.totals == whole(database)
    assert f"The scoreboard is counted from the log's beginning: it is damaged at {path}." in caplog.text
    caplog.clear()
    assert kept(database, path).totals == board.totals and caplog.text == ""


def test_a_lost_checkpoint_and_one_of_another_log_are_counted_anew(
    tmp_path: Path, database: Path, play: list[Record], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    path, other = tmp_path / "board", tmp_path / "other"
    kept(database, path)
    other.mkdir()
    elsewhere = made(other, interleaved(60, seed=2))
    assert kept(elsewhere, path).totals == whole(elsewhere)
    assert "it was made from another log" in caplog.text
    path.unlink()
    assert kept(database, path).totals == whole(database)
    assert "it is not there" in caplog.text


def test_a_checkpoint_of_another_program_is_counted_anew(
    tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    path = tmp_path / "board"
    kept(database, path)
    monkeypatch.setattr("trainer.scoreboard.checkpoint.FORM", 2)
    assert kept(database, path).totals == whole(database)
    assert "another version of this program" in caplog.text


def test_where_it_cannot_be_kept_it_is_told_and_counting_goes_on(
    tmp_path: Path, database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    board = Board(tmp_path / "file" / "board")
    assert not advanced(database, board)
    assert board.totals == whole(database) and "cannot be kept" in caplog.text


def changed(record: Record) -> Iterator[str]:
    """Texts in a record's place that cannot stand there."""
    yield "{"
    yield '{"kind":"unheard-of"}'
    yield json.encode(replace(record, match="another")).decode()
    if isinstance(record, Played):
        yield json.encode(replace(record, round=record.round + 1)).decode()
        outcome = next(other for other in ("win", "lose", "draw") if other != record.outcome)
        yield json.encode(record).decode().replace(f'"outcome":"{record.outcome}"', f'"outcome":"{outcome}"')
    if isinstance(record, Sealed):
        yield json.encode(replace(record, values={MOVES[0]: 10})).decode()
        yield json.encode(replace(record, predictions={Alias.B: Prediction("x", (1.5, -0.5, 0.0))})).decode()
    if isinstance(record, Opened):
        yield json.encode(record).decode().replace(f'"opponent":"{record.opponent}"', '"opponent":7')


@pytest.mark.parametrize("kind", [Opened, Sealed, Played, Closed])
def test_rows_that_cannot_be_read_or_cannot_follow_are_left_out_and_counted(
    tmp_path: Path, play: list[Record], kind: type[Record]
) -> None:
    victim = next(one for one in play[300:] if isinstance(one, kind))
    for number, text in enumerate(changed(victim)):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        database = made(folder)
        with closing(sqlite3.connect(database)) as connection, connection:
            for name in ("match_opened", "match_closed"):
                connection.execute(f"DROP TRIGGER {name}")  # a server would not write such a row
            for one in play:
                row = text if one is victim else json.encode(one).decode()
                connection.execute(
                    "INSERT INTO log (match, round, kind, at, body) VALUES (?, ?, ?, ?, ?)",
                    (one.match, one.round, type(one).__name__.lower(), one.at, row),
                )
        totals = whole(database)
        gone = {id(victim)} | {id(one) for one in play if follows_from(one, victim)}
        fit = [one for one in play if id(one) not in gone]
        if kind in (Opened, Sealed, Played):
            assert totals.faults >= 1
            assert totals.rounds == Recount(fit).rounds
        assert totals.position == len(play)
        assert sum(totals.rounds.values()) == totals.windows.rounds
        assert {key: one for key, one in sums(totals).items() if key[0] == "predictions"} == pytest.approx(
            {key: one for key, one in Recount(fit).sums.items() if key[0] == "predictions"}
        )


def follows_from(one: Record, victim: Record) -> bool:
    """Whether this record means nothing without the other one."""
    if isinstance(victim, Opened):
        return one.match == victim.match
    return isinstance(victim, Sealed) and isinstance(one, Played) and (one.match, one.round) == (
        victim.match, victim.round,
    )  # fmt: skip


def test_a_second_opening_of_a_match_changes_nothing(tmp_path: Path, play: list[Record]) -> None:
    first = play[0]
    assert isinstance(first, Opened)
    database = made(tmp_path, play[:40])
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DROP TRIGGER match_opened")
        body = json.encode(replace(first, opponent="logan")).decode()
        connection.execute(
            "INSERT INTO log (match, round, kind, at, body) VALUES (?, 1, 'opened', 1, ?)", (first.match, body)
        )
    totals = whole(database)
    assert totals.faults == 1 and totals.open[first.match].family == first.opponent


def test_what_is_shown_is_of_versions_that_serve_or_did_this_week(database: Path) -> None:
    totals = whole(database)
    all_versions = {version for versions in totals.families.values() for version in versions}
    assert {labels[2] for labels, _ in shown(totals, {}, 0).log_loss} == all_versions - {NO_MODEL}
    totals.at += 2 * WEEK_MS
    found = shown(totals, {"brian": {"brian-B-2"}}, 0)
    assert {labels[:3] for labels, _ in found.predictions} == {
        ("brian", "B", "brian-B-2"), ("brian", "shadow2", "brian-B-2"),
    }  # fmt: skip
    assert {labels[1] for labels, _ in found.calibrated} == {"brian-B-2"} and len(found.calibrated) == len(EDGES)
    assert ("logan", NO_MODEL, "control", "bot") in dict(found.matches)


def test_no_family_shows_more_versions_than_may_be(database: Path) -> None:
    totals = whole(database)
    for number in range(2 * MOST):
        totals.standing("brian", f"brian-{number}").at = totals.at
    shown_of = {labels[1] for labels, _ in shown(totals, {"brian": {"brian-B-1"}}, 0).calibrated}
    assert "brian-B-1" in shown_of and len({version for version in shown_of if "brian" in version}) <= MOST


def test_rights_and_wrongs_add_up_to_the_predictions(database: Path) -> None:
    totals = whole(database)
    readings = dict(shown(totals, {}, 0).predictions)
    for (family, alias, version, right), hits in readings.items():
        score = totals.families[family][version].aliases[Alias(str(alias))]
        assert hits == (score.hits if right else score.predictions - score.hits)


def test_the_command_tells_what_the_totals_say_beside_baselines(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["scoreboard", "--database", str(database), "--json"]) == 0
    found = json.decode(capsys.readouterr().out, type=Report)
    totals = whole(database)
    played = sum(totals.rounds.values())
    assert (found.position, found.faults, sum(found.rounds.values())) == (totals.position, 0, played)
    one = next(one for one in found.versions if one.version == "brian-B-1")
    score = totals.families["brian"]["brian-B-1"].score
    assert one.accuracy == pytest.approx(score.hits / score.predictions)
    assert one.below_ln3 == pytest.approx(log(3) - score.log_loss / score.predictions)
    assert one.accuracy_interval[0] < one.accuracy < one.accuracy_interval[1]
    bins = totals.families["brian"]["brian-B-1"].bins
    error = sum(abs(bin.confidence - bin.hits) for bin in bins) / (3 * score.predictions)
    assert one.calibration_error == pytest.approx(error)
    uniform = next(one for one in found.baselines if one.version == "uniform")
    assert (uniform.rounds, uniform.brier) == (played, pytest.approx(2 / 3))
    assert uniform.accuracy == pytest.approx(1 / 3) and uniform.below_ln3 == pytest.approx(0, abs=1e-12)
    assert {one.version for one in found.baselines} == {"uniform", "frequency", "markov2", "equilibrium"}
    control = next(one for one in found.matches if one.arm is Arm.CONTROL)
    won = totals.families[control.family][NO_MODEL].matches[Arm.CONTROL]
    assert control.matches == sum(won.values()) and control.won == won.get(Winner.BOT, 0) / control.matches


def test_the_command_prints_a_table_for_people(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["scoreboard", "--database", str(database)]) == 0
    text = capsys.readouterr().out
    assert "below ln 3" in text and "brian-B-2" in text and "markov2" in text and "control" in text


def test_the_command_on_an_empty_log_says_that_there_is_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["scoreboard", "--database", str(made(tmp_path))]) == 0
    assert "none yet" in capsys.readouterr().out
