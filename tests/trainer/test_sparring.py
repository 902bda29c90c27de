"""The rules of sparring partners, situation by situation, and how a match goes through their hands."""

from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest
from msgspec.structs import replace
from support import play

from game.assignment import Alias
from game.equilibrium import equilibrium, stakes
from game.gambits import LENGTH
from game.moves import MOVES, Move
from game.opponents import OPPONENTS
from game.records import Prediction, Scores, Winner
from game.views import missed
from game.wire import MatchMessage, Over, Round, Start, Sync, Throw
from trainer.errors import Unwanted
from trainer.sparring.bots import BOTS, leanings
from trainer.sparring.hand import Finished, Hand
from trainer.sparring.position import Bot, History, Past, Position
from trainer.sparring.report import tally
from trainer.sparring.simulate import PARTNERS, seated, simulate

R, P, S = MOVES
VALUES = {R: 10, P: 13, S: 18}
"""Rock is low, paper the middle, scissors high: narrow, 8 tenths apart."""
WIDE = {R: 10, P: 15, S: 20}
OTHER = {R: 18, P: 10, S: 13}
"""Paper is low, scissors the middle, rock high."""


def history(*pairs: str, values: dict[Move, int] = VALUES) -> list[Past]:
    """Rounds as two letters each: mine, theirs."""
    letters = dict(zip("RPS", MOVES, strict=True))
    return [Past(values, letters[pair[0]], letters[pair[1]]) for pair in pairs]


def position(lead: int = 0, values: dict[Move, int] = VALUES) -> Position:
    return Position(values, Scores(50 + lead, 50))


class Fixed(Random):
    """Says what it was asked to choose from."""

    asked: Sequence[object] = ()

    def choice(self, seq):  # type: ignore[no-untyped-def]
        self.asked = seq
        return seq[-1]


SITUATIONS: list[tuple[str, Position, History, Move]] = [
    # RS, PR and SP are won; RP, PS and SR are lost
    ("ace", position(), history("RS", "PR", "SS"), S),
    ("ace", position(), history("RS", "PR", "SS", "RR"), P),
    ("ace", position(), history("RS", "RP", "RP"), S),
    ("ace", position(), history("SR"), P),
    ("bob", position(), [], S),
    ("bob", position(), history("RS"), R),
    ("bob", position(), history("RS", "RS"), P),
    ("bob", position(), history("RS", "RS", "RS"), S),
    ("bob", position(), history("RP", "RP"), S),
    ("bob", position(values=OTHER), history("RP", "RP"), R),
    ("bob", position(), history("SR", "SR", "PR", "PR", "PR"), P),
    ("bob", position(), history("PS", "PS", "RP", "RP"), S),
    ("cal", position(), [], R),
    ("cal", position(values=OTHER), history("RP", "RP"), P),
    ("cal", position(), history("RP", "RP", "RP"), S),
    ("cal", position(), history("RP", "RP", "RR", "RP"), R),
    ("edd", position(), history("RP"), S),
    ("edd", position(), history("SS", "PP", "PP"), S),
    ("edd", position(), history("SS", "PP"), S),
    ("edd", position(), history("PP", "SS"), R),
    ("edd", position(), history("RR", "RR", "PR", "PP", "RS"), P),
    ("edd", position(), history("RR", "RR", "PP", "PP", "RS"), S),  # of equally common throws the latest
    ("fox", position(0), [], P),
    ("fox", position(+5), history("RS"), R),
    ("fox", position(-5), history("RP", "RS"), P),
    ("fox", position(-5), history("RP", "SS", "SR", "SR"), S),
    ("fox", position(-5), history("SS", "RP", "SR", "SR"), R),
    ("gus", position(values=WIDE), history("RS", "RP"), S),
    ("gus", position(values={R: 10, P: 14, S: 19}), history("RR"), S),
    ("gus", position(), history("RS", "RS", "RP", "RR", "RR"), P),
    ("gus", position(), history("RS", "RS", "SS", "RR"), R),
    ("gus", position(), history("RS", "RR"), P),
    ("gus", position(), history("RR"), P),
    ("hal", position(), [], P),
    ("hal", position(values=OTHER), history("RP", "RP"), S),
    ("hal", position(), history("SR", "SR", "PS"), S),
    ("hal", position(), history("SR", "PP", "PS", "PS"), P),
]


@pytest.mark.parametrize(("name", "position", "history", "expected"), SITUATIONS)
def test_a_bot_follows_its_rule(name: str, position: Position, history: History, expected: Move) -> None:
    random = Fixed()
    assert BOTS[name](position, history, random) is expected
    assert not random.asked


@pytest.mark.parametrize(
    ("name", "history"),
    [
        ("uniform", history("RS")),
        ("ace", []),
        ("edd", []),
        ("gus", []),
        ("gus", history("RP", "RP")),
        ("gus", history("RS", "SR", "PS")),
    ],
)
def test_where_a_rule_has_no_answer_anything_is_thrown(name: str, history: History) -> None:
    random = Fixed()
    assert BOTS[name](position(values=WIDE), history, random) is S
    assert random.asked == MOVES


@pytest.mark.parametrize(
    ("position", "history", "expected"),
    [
        (position(), [], (1, 1, 1.6)),
        (position(values=WIDE), [], (1, 1, 2)),
        (position(values=OTHER), [], (1.6, 1, 1)),
        (position(-5), [], (1, 1, 2.1)),
        (position(+5), [], (1.5, 1, 1.6)),
        (position(), history("RS"), (2, 1, 1.6)),  # rock won, and beats their habit
        (position(), history("RP"), (1, 1, 2.6)),  # scissors would have won, and beat their habit
        (position(), history("RR"), (1, 1.5, 1.6)),  # a draw says nothing, paper beats their habit
        (position(), history("RR", "PP", "RR", "RS"), (1.5, 1.5, 1.6)),  # rock won, paper beats their habit
    ],
)
def test_dan_leans_as_he_says(position: Position, history: History, expected: tuple[float, ...]) -> None:
    assert tuple(leanings(position, history)[move] for move in MOVES) == pytest.approx(expected)


def shares(bot: Bot, position: Position, history: History, draws: int = 20_000) -> list[float]:
    random = Random(3)
    counts = Counter(bot(position, history, random) for _ in range(draws))
    return [counts[move] / draws for move in MOVES]


def test_dan_throws_as_he_leans() -> None:
    assert shares(BOTS["dan"], position(), history("RS")) == pytest.approx([2 / 4.6, 1 / 4.6, 1.6 / 4.6], abs=0.02)


def test_the_balanced_bot_throws_the_players_equilibrium_mix() -> None:
    at = Position(WIDE, Scores(player=90, bot=40))
    _, mix, _ = equilibrium(stakes(40, 90, WIDE))
    assert shares(BOTS["equilibrium"], at, []) == pytest.approx(list(mix), abs=0.02)


@pytest.mark.parametrize("name", PARTNERS)
def test_the_same_chance_makes_the_same_partner(name: str) -> None:
    def throws(seed: int) -> list[Move]:
        random = Random(seed)
        bot = PARTNERS[name](random)
        past: list[Past] = []
        for _ in range(60):
            values = random.choice([VALUES, WIDE, OTHER])
            mine = bot(Position(values, Scores(random.randrange(95), random.randrange(95))), past, random)
            past.append(Past(values, mine, random.choice(MOVES)))
        return [one.mine for one in past]

    assert throws(1) == throws(1) != throws(2)


def whole_match(given: dict[Alias, Prediction] | None = None) -> tuple[list[MatchMessage], Over]:
    match, _ = play.play_out(given=given)
    messages = missed(match, 0)
    over = messages[-1]
    assert isinstance(over, Over)
    return messages, over


class Recorded:
    """A bot that throws what the player of `play_out` threw, and remembers what it was shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[int, Position]] = []

    def __call__(self, position: Position, history: History, random: Random) -> Move:
        self.shown.append((len(history), position))
        return MOVES[(len(history) + 1) % 3]


def test_the_bot_is_asked_once_a_round_with_all_before_it() -> None:
    messages, over = whole_match()
    bot = Recorded()
    mine = Hand(bot, Random(0), "brian", "1")
    replies = [mine.hear(message) for message in named(messages)]
    throws = [reply for reply in replies if isinstance(reply, Throw)]
    assert [throw.round for throw in throws] == list(range(1, over.rounds + 1))
    assert [known for known, _ in bot.shown] == list(range(over.rounds))
    rounds = [message for message in messages if isinstance(message, Round)]
    assert [at for _, at in bot.shown] == [Position(round.values, round.scores) for round in rounds]
    assert mine.finished == Finished(over, 0)


def test_rounds_without_a_model_are_counted() -> None:
    messages, over = whole_match(given={})
    mine = Hand(Recorded(), Random(0), "brian", "1")
    for message in named(messages):
        mine.hear(message)
        mine.hear(message)
    assert mine.finished == Finished(over, over.rounds - LENGTH)


def test_told_again_it_says_the_same_and_asks_nobody() -> None:
    messages, over = whole_match()
    bot = Recorded()
    mine = Hand(bot, Random(0), "brian", "1")
    for message in named(messages):
        assert mine.hear(message) == mine.hear(message)
    assert len(bot.shown) == over.rounds


def test_what_was_lost_is_asked_for_again() -> None:
    matched, *later = named(whole_match()[0])
    mine = Hand(Recorded(), Random(0), "brian", "1")
    assert mine.begin() == Start("brian", "1")
    mine.hear(matched)
    assert mine.hear(later[2]) == Sync(matched.match, 1)
    mine.hear(later[0])
    assert mine.begin() == Sync(matched.match, 2)


def test_other_matches_mean_nothing() -> None:
    messages, _ = whole_match()
    mine = Hand(Recorded(), Random(0), "brian", "2")
    assert [mine.hear(message) for message in named(messages)] == [None] * len(messages)
    assert mine.finished is None


def named(messages: list[MatchMessage], ref: str = "1") -> list[MatchMessage]:
    """The messages of a match that was begun with this reference."""
    return [replace(messages[0], client_ref=ref), *messages[1:]]


@pytest.mark.parametrize("kinds", [1, 2, 3, 6, 11])
def test_every_kind_meets_every_opponent_equally_often(kinds: int) -> None:
    names = list(PARTNERS)[:kinds]
    seats = seated(names, players=len(OPPONENTS) * kinds, matches=2, opponents=list(OPPONENTS), seed=0)
    met = Counter((seat.bot, opponent) for seat in seats for opponent in seat.opponents)
    assert set(met) == {(name, opponent) for name in names for opponent in OPPONENTS}
    assert set(met.values()) == {2}
    assert len({seat.chance for seat in seats}) == len(seats)


@pytest.mark.parametrize(
    ("names", "opponents", "fault"),
    [
        (["ace", "zed"], ["brian"], "There is no bot zed; there are ace, bob"),
        (["ace"], ["nobody"], "There is no opponent nobody; there are brian, forrest, logan"),
        ([], ["brian"], "There is no bot named; there are ace"),
    ],
)
def test_names_that_there_are_not_are_refused(names: list[str], opponents: list[str], fault: str) -> None:
    with pytest.raises(Unwanted, match=fault):
        simulate("http://nowhere", names, 1, 1, opponents, 0, lambda step, share: None)


def test_a_tally_counts_for_the_partner_and_rates_the_machine() -> None:
    found = tally([Winner.BOT, Winner.BOT, Winner.TIE, Winner.PLAYER])
    assert (found.matches, found.wins, found.ties, found.losses, found.win_rate) == (4, 1, 1, 2, 0.625)
