"""What gesture models serve: each decision an entry of their own ledger, done in their own store.

Points and pixels are one pair: they change places together, from one moment to the next. `Production` serves, `B` is
the pair that served before it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from game.assignment import Alias
from models.gesture_bundle import Family, GestureBundle
from models.places import gestures_at
from models.store import Pin
from trainer.errors import Unwanted
from trainer.lifecycle import book
from trainer.lifecycle.decisions import Change, LifecycleOf
from trainer.lifecycle.ledger import Entry, Kind, Places
from trainer.settings import Settings

LEARNER = "retraining"

Gestures = LifecycleOf[GestureBundle]


@contextmanager
def opened(settings: Settings) -> Iterator[tuple[Gestures, int]]:
    """Ledger and store of the gesture models, and the last position of the round log; raises NoLog, StoreError."""
    store = gestures_at(settings.store, settings.data_dir, settings.bundle_key)
    with book.opened(settings.address, book.GESTURE_LEDGER) as found:
        yield LifecycleOf(found, store), found.position()


def publish(
    gestures: Gestures,
    made: Mapping[str, Pin],
    generation: int,
    position: int,
    reason: str,
    evidence: Mapping[str, Any],
) -> Entry:
    """Put these models into Production and the pair that was there into B; only while nothing else was decided.

    Raises Overtaken, and Unwanted where nothing would change.
    """
    places = after(gestures.settle(position).aliases, made)
    return gestures.decide(_change(Kind.PROMOTED, LEARNER, reason, position, places, evidence), generation)


def refuse(gestures: Gestures, position: int, reason: str, evidence: Mapping[str, Any]) -> Entry:
    """Write down why a candidate does not serve."""
    return gestures.insist(_change(Kind.REFUSED, LEARNER, reason, position, {}, evidence))


def rollback(gestures: Gestures, position: int, by: str) -> Entry:
    """Exchange Production and B; raises Unwanted where nothing served before, or the same."""
    places = exchanged(gestures.settle(position).aliases)
    now = ", ".join(pins[Alias.PRODUCTION].version for pins in places.values() if Alias.PRODUCTION in pins)
    if not now:
        raise Unwanted("No other gesture models have served before.")
    return gestures.decide(_change(Kind.ROLLED_BACK, by, f"{now} in Production again by order", position, places))


def after(aliases: Places, made: Mapping[str, Pin]) -> Places:
    """Every family's places with what was made in Production, and with what was there before in B."""
    now = {family: pins[Alias.PRODUCTION] for family, pins in aliases.items() if Alias.PRODUCTION in pins}
    return {family: _pair(made.get(family, now.get(family)), now.get(family)) for family in {**now, **made}}


def exchanged(aliases: Places) -> Places:
    """Every family's Production and B in each other's place; nothing where there is no other pair to serve."""
    places = {family: _pair(pins.get(Alias.B), pins.get(Alias.PRODUCTION)) for family, pins in aliases.items()}
    serves = Alias.PRODUCTION in places.get(Family.PIXELS, {})  # points alone cannot say that there is no hand
    return places if serves and places != aliases else {}


def _change(
    kind: Kind, by: str, reason: str, position: int, places: Places, evidence: Mapping[str, Any] | None = None
) -> Change:
    return Change(
        kind=kind, family="", by=by, reason=reason, position=position, places=places, evidence=evidence or {}
    )  # fmt: skip


def _pair(production: Pin | None, before: Pin | None) -> dict[Alias, Pin]:
    found = {Alias.PRODUCTION: production, Alias.B: before}
    return {alias: pin for alias, pin in found.items() if pin is not None}
