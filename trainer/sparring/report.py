"""What came of simulated matches: who beat whom, in numbers for programs and in lines for people."""

from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct

from game.rates import wilson
from game.records import Reason, Winner
from trainer.sparring.hand import Finished


class Tally(Struct, frozen=True):
    """Matches in the sparring partner's view. `win_rate` is the machine's, a tie counting half; `interval` holds the
    true rate with 95 % confidence."""

    matches: int
    wins: int
    ties: int
    losses: int
    win_rate: float
    interval: tuple[float, float]


class Pairing(Struct, frozen=True):
    """One kind of sparring partner against one opponent, whoever served."""

    bot: str
    opponent: str
    tally: Tally


class Service(Struct, frozen=True):
    """One version as it served under one alias, against all kinds of sparring partners."""

    opponent: str
    alias: str
    version: str
    tally: Tally


class Ended(Struct, frozen=True):
    """A match that a sparring partner has finished."""

    bot: str
    opponent: str
    finished: Finished


class Report(Struct, frozen=True):
    """All matches that reached the target, in two tables; `broken` ones ended otherwise and count in neither.

    In `fallbacks` of all `rounds` the balanced mix played for a model that did not answer in time: where they are
    many, the tables say little about the models. `ids` name all matches, whose transcripts the server tells.
    """

    pairings: list[Pairing]
    served: list[Service]
    broken: int
    rounds: int
    fallbacks: int
    ids: list[str]


def report(ended: Sequence[Ended]) -> Report:
    """The tables, in the order of their names."""
    pairings: dict[tuple[str, str], list[Winner]] = defaultdict(list)
    served: dict[tuple[str, str, str], list[Winner]] = defaultdict(list)
    whole = [one for one in ended if one.finished.over.reason is Reason.TARGET]
    for one in whole:
        over, by = one.finished.over, one.finished.over.served_by
        pairings[one.bot, one.opponent].append(over.winner)
        served[one.opponent, by.alias.value, by.version].append(over.winner)
    return Report(
        [Pairing(*key, tally(winners)) for key, winners in sorted(pairings.items())],
        [Service(*key, tally(winners)) for key, winners in sorted(served.items())],
        broken=len(ended) - len(whole),
        rounds=sum(one.finished.over.rounds for one in ended),
        fallbacks=sum(one.finished.fallbacks for one in ended),
        ids=[one.finished.over.match for one in ended],
    )


def tally(winners: list[Winner]) -> Tally:
    """The counts of at least one match."""
    won, tied, lost = (winners.count(side) for side in (Winner.BOT, Winner.TIE, Winner.PLAYER))
    matches = len(winners)
    rate = (won + tied / 2) / matches
    return Tally(matches, wins=lost, ties=tied, losses=won, win_rate=rate, interval=wilson(won + tied / 2, matches))


def lines(found: Report) -> list[str]:
    """The report for people."""
    head = f"{'matches':>7} {'won':>5} {'tied':>5} {'lost':>5}  the machine's win rate"
    told = [
        f"{'bot':<12} {'opponent':<10} {head}",
        *(f"{row.bot:<12} {row.opponent:<10} {_cells(row.tally)}" for row in found.pairings),
        "",
        f"{'opponent':<10} {'alias':<11} {'version':<22} {head}",
        *(f"{row.opponent:<10} {row.alias:<11} {row.version:<22} {_cells(row.tally)}" for row in found.served),
    ]
    if found.broken:
        told.append(f"{found.broken} matches ended before the target and are not counted.")
    if found.fallbacks:
        told.append(
            f"In {found.fallbacks} of {found.rounds} rounds no model answered in time and the balanced mix played: "
            "let fewer play at once, or give them time to think."
        )
    return told


def _cells(tally: Tally) -> str:
    low, high = tally.interval
    counts = f"{tally.matches:>7} {tally.wins:>5} {tally.ties:>5} {tally.losses:>5}"
    return f"{counts}  {tally.win_rate:6.1%} ({low:.1%} to {high:.1%})"
