"""Let many sparring partners play at once against a running server, and report how its models did."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from random import Random

from msgspec import Struct

from game.opponents import OPPONENTS
from trainer.errors import Unwanted
from trainer.sparring.bots import BOTS
from trainer.sparring.client import Player, Server
from trainer.sparring.people import Person
from trainer.sparring.position import Bot
from trainer.sparring.report import Ended, Report, report

AT_ONCE = 8
"""So many play at the same time; the others wait for their turn. More of those who need no time to think only make
the models answer too late, and then it is not models that are measured."""

Tell = Callable[[str, float], None]
"""Takes what is being done, and the share of it that is done."""
Make = Callable[[Random], Bot]


class Seat(Struct, frozen=True):
    """What one sparring partner is to play. `chance` seeds all its choices."""

    bot: str
    opponents: list[str]
    chance: str


def simulate(
    url: str,
    names: Sequence[str],
    players: int,
    matches: int,
    opponents: Sequence[str],
    seed: int,
    tell: Tell,
    think_s: float = 0,
    at_once: int = AT_ONCE,
) -> Report:
    """`players` partners, of the kinds `names` in turn, play `matches` matches each, against `opponents` in turn.

    How each partner chooses follows from `seed`; what the machine throws does not. Raises Unwanted for names that there
    are not, NoServer, and NotPlayed.
    """
    _check("bot", names, PARTNERS)
    _check("opponent", opponents, OPPONENTS)
    return asyncio.run(_play(url, seated(names, players, matches, opponents, seed), tell, think_s, at_once))


def seated(names: Sequence[str], players: int, matches: int, opponents: Sequence[str], seed: int) -> list[Seat]:
    """Who plays whom. Everybody's first opponent is the next one's second, and shifts with each turn of the kinds, so
    that each kind meets each opponent however many there are of both."""
    seats = []
    for number in range(players):
        turn, kind = divmod(number, len(names))
        met = [opponents[(turn + kind + match) % len(opponents)] for match in range(matches)]
        seats.append(Seat(names[kind], met, f"{seed}:{number}"))
    return seats


def _check(what: str, names: Sequence[str], known: Mapping[str, object]) -> None:
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise Unwanted(f"There is no {what} {', '.join(unknown) or 'named'}; there are {', '.join(known)}.")


async def _play(url: str, seats: Sequence[Seat], tell: Tell, think_s: float, at_once: int) -> Report:
    ended: list[Ended] = []
    total = sum(len(seat.opponents) for seat in seats)
    server = Server(url)
    places = asyncio.Semaphore(at_once)

    async def one(seat: Seat) -> None:
        random = Random(seat.chance)
        bot = PARTNERS[seat.bot](random)
        async with places, Player(server, seat.bot, bot, random, think_s) as player:
            for opponent in seat.opponents:
                ended.append(Ended(seat.bot, opponent, await player.play(opponent)))
                tell("playing", len(ended) / total)

    tell("playing", 0.0)
    await asyncio.gather(*map(one, seats))
    return report(ended)


def _same(bot: Bot) -> Make:
    return lambda random: bot


PARTNERS: Mapping[str, Make] = {**{name: _same(bot) for name, bot in BOTS.items()}, "person": Person}
"""All kinds of sparring partners: a new one of each, drawn from the random source where no two are alike."""
