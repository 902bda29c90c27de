"""The live comparison: candidates climb from shadow2 to Production, each step on its own evidence.

- shadow2 before shadow1: the lower mean log-loss on the same live rounds, once the lead exceeds its standard error.
  Shadows only foretell, so an exchange costs nothing.
- shadow1 to B: the sequential test on how well both foretold the same live matches.
- B to Production: the sequential test on matches won, paired in order; or the simple rule, if it is chosen.

What was in production stays as B, and the same test running the other way takes it back. Evidence belongs to versions:
it begins where the two stand opposite each other and ends when either leaves, whatever the places are called meanwhile.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from game.assignment import Alias
from models.store import Pin
from trainer.lifecycle.decisions import Change, Move
from trainer.lifecycle.duel import Foresight, Results
from trainer.lifecycle.ledger import Entry, Kind, Places
from trainer.lifecycle.outcomes import Outcome

log = logging.getLogger(__name__)

FEWEST_MATCHES, FEWEST_ROUNDS = 10, 100
"""Before that the shadows stay in order: an early lead is mostly chance."""


_VERBS = {Kind.PROMOTED: "promote", Kind.RAISED: "raise", Kind.ORDERED: "order"}


class Pairing(NamedTuple):
    """Two versions of a family opposite each other: which step it is about, who would rise, and over whom."""

    step: Kind
    family: str
    challenger: str
    incumbent: str


class Weight(NamedTuple):
    """The evidence of one comparison so far: its E, and the pairs it rests on.

    `step` says what it is about: `order`, `raise`, `promote`, or `rollback` where the challenger was there before.
    """

    family: str
    step: str
    e_value: float
    pairs: int


class Comparison:
    """Everything that is being compared now."""

    def __init__(self, rule: str) -> None:
        self._rule = rule
        self._running: dict[Pairing, Foresight | Results] = {}
        self._since: dict[Pairing, int] = {}
        self._aliases: Places = {}
        self._control: dict[str, tuple[int, float]] = {}
        """Family -> (matches that the equilibrium played in its place, what they were worth in all)."""
        self._history: dict[str, list[str]] = {}
        """Family -> versions that have been in production, the last one first."""

    def follow(self, entry: Entry) -> None:
        """Compare what stands opposite each other after this entry; what did so before goes on as it was."""
        for family, pins in entry.after.items():
            past = self._history.setdefault(family, [])
            now = pins[Alias.PRODUCTION].version
            if not past or past[0] != now:
                past.insert(0, now)
        self._aliases = entry.after
        wanted = {pairing for family, pins in entry.after.items() for pairing in _pairings(family, pins)}
        self._running = {pairing: one for pairing, one in self._running.items() if pairing in wanted}
        self._since = {pairing: at for pairing, at in self._since.items() if pairing in wanted}
        for pairing in wanted - self._running.keys():
            self._running[pairing] = _begun(pairing)
            self._since[pairing] = entry.position

    @property
    def begun(self) -> int | None:
        """The log position at which the oldest comparison began."""
        return min(self._since.values(), default=None)

    def observe(self, outcome: Outcome) -> None:
        """Take in an ended match."""
        if outcome.control and outcome.worth is not None:
            matches, won = self._control.get(outcome.family, (0, 0.0))
            self._control[outcome.family] = matches + 1, won + outcome.worth
        for pairing, one in self._running.items():
            if pairing.family == outcome.family and outcome.position > self._since[pairing]:
                one.observe(outcome)

    def due(self, family: str, position: int) -> Change | None:
        """What the evidence so far asks for in a family, if anything; the highest step first."""
        for step in (Kind.PROMOTED, Kind.RAISED, Kind.ORDERED):
            for pairing, one in self._running.items():
                if (pairing.family, pairing.step) == (family, step) and self._enough(pairing, one):
                    return self._change(pairing, one, position)
        return None

    def _enough(self, pairing: Pairing, one: Foresight | Results) -> bool:
        if isinstance(one, Results):
            return one.better(self._rule)
        if pairing.step is Kind.RAISED:
            return one.better
        pins = self._aliases[pairing.family]
        ahead = one.lead if pins[Alias.SHADOW2].version == pairing.challenger else -one.lead
        enough = one.evidence.pairs >= FEWEST_MATCHES and one.rounds >= FEWEST_ROUNDS
        return enough and ahead > one.error

    def _change(self, pairing: Pairing, one: Foresight | Results, position: int) -> Change:
        pins = self._aliases[pairing.family]
        told = self._told(pairing, one)
        if isinstance(one, Results):
            kind, moves = self._promotion(pairing, pins)
            strata = [stratum["players"] for stratum in told["strata"] if stratum["hurt"]]
            hurt = f"; it does worse against {', '.join(strata)}" if strata else ""
            reason = (
                f"{pairing.challenger} won {told['won'][0]:.3f} of its matches, {pairing.incumbent} "
                f"{told['won'][1]:.3f}: "
                f"E = {told['e_value']:g} after {told['pairs']} pairs by the {self._rule} rule{hurt}"
            )
        else:
            kind = pairing.step
            rises, to = (Alias.SHADOW1, Alias.B) if kind is Kind.RAISED else (Alias.SHADOW2, Alias.SHADOW1)
            moves = (Move(pins[rises], to),)
            losses = dict(zip((one.challenger, one.incumbent), told["log_loss"], strict=True))
            reason = (
                f"{pins[rises].version} foretold the same {told['rounds']} rounds better than {pins[to].version}: "
                f"log-loss {losses[pins[rises].version]:.4f} and {losses[pins[to].version]:.4f}"
            )
            reason += f", E = {told['e_value']:g}" if kind is Kind.RAISED else f", {one.error:.4f} being chance"
        return Change(
            kind=kind, family=pairing.family, by="comparison", reason=reason, position=position,
            moves=moves, evidence={"rule": self._rule, **told},
        )  # fmt: skip

    def _promotion(self, pairing: Pairing, pins: Mapping[Alias, Pin]) -> tuple[Kind, tuple[Move, ...]]:
        """B takes Production; where it only takes back what it had, the version it replaces is out of play."""
        rise = Move(pins[Alias.B], Alias.PRODUCTION)
        if self._takes_back(pairing):
            return Kind.ROLLED_BACK, (rise, Move(pins[Alias.PRODUCTION], Alias.SHADOW2))
        return Kind.PROMOTED, (rise,)

    def _takes_back(self, pairing: Pairing) -> bool:
        past = self._history[pairing.family]
        return len(past) > 1 and past[1] == pairing.challenger

    def _told(self, pairing: Pairing, one: Foresight | Results) -> dict[str, Any]:
        """What it says of itself; beside matches won also what the equilibrium won in the family's place."""
        if isinstance(one, Foresight):
            return one.told()
        matches, won = self._control.get(pairing.family, (0, 0.0))
        return one.told() | {"control": {"matches": matches, "won": round(won / max(1, matches), 4)}}

    def told(self) -> list[dict[str, Any]]:
        """Every comparison under way, for people."""
        return [
            {"step": str(pairing.step), "family": pairing.family, "since": self._since[pairing]}
            | self._told(pairing, one)
            for pairing, one in sorted(self._running.items())
        ]

    def weights(self) -> list[Weight]:
        """Every comparison under way, in numbers."""
        return [
            Weight(pairing.family, self._verb(pairing), one.e_value, one.evidence.pairs)
            for pairing, one in sorted(self._running.items())
        ]

    def _verb(self, pairing: Pairing) -> str:
        if pairing.step is Kind.PROMOTED and self._takes_back(pairing):
            return "rollback"
        return _VERBS[pairing.step]


def _begun(pairing: Pairing) -> Foresight | Results:
    kind = Results if pairing.step is Kind.PROMOTED else Foresight
    return kind(pairing.challenger, pairing.incumbent)


def _pairings(family: str, pins: Mapping[Alias, Pin]) -> Sequence[Pairing]:
    """Who stands opposite whom. Between the shadows it does not matter who is above, so both orders are one pairing."""
    if not all(alias in pins for alias in Alias):
        return []
    production, b, first, second = (pins[alias].version for alias in Alias)
    found = [
        Pairing(Kind.PROMOTED, family, b, production),
        Pairing(Kind.RAISED, family, first, b),
        Pairing(Kind.ORDERED, family, *sorted((first, second))),
    ]
    return [pairing for pairing in found if pairing.challenger != pairing.incumbent]
