"""What an operator can order: each becomes one decision in the ledger, with who ordered it."""

from msgspec import Struct

from game.assignment import Alias
from models.store import Pin, Store, Table
from trainer.errors import Unwanted
from trainer.lifecycle.decisions import Change, Lifecycle, Move
from trainer.lifecycle.ledger import Entry, Kind
from trainer.lifecycle.sidecar import Sidecar


class Order(Struct, frozen=True, forbid_unknown_fields=True):
    """About which family and version; only while the aliases are at this generation, if it names one."""

    family: str
    version: str = ""
    generation: int | None = None


def promote(lifecycle: Lifecycle, order: Order, position: int, by: str) -> Entry:
    """Put a version into Production: the one named, else B. What was there stays as B."""
    pins = _pins(lifecycle, order)
    pin = _known(lifecycle, order) if order.version else pins[Alias.B]
    reason = f"{pin.version} takes Production by order"
    return _decided(lifecycle, Kind.PROMOTED, order, position, by, reason, Move(pin, Alias.PRODUCTION))


def demote(lifecycle: Lifecycle, order: Order, position: int, by: str) -> Entry:
    """Take a version out of play, to shadow2: the one named, else that in Production. Those below move up."""
    pins = _pins(lifecycle, order)
    pin = _known(lifecycle, order) if order.version else pins[Alias.PRODUCTION]
    if pin.version not in {one.version for one in pins.values()}:
        raise Unwanted(f"{pin.version} has no place that it could lose.")
    reason = f"{pin.version} is out of play by order"
    return _decided(lifecycle, Kind.DEMOTED, order, position, by, reason, Move(pin, Alias.SHADOW2))


def rollback(lifecycle: Lifecycle, order: Order, position: int, by: str) -> Entry:
    """Put back what was in Production before, or the version named; what is there now goes to shadow2."""
    pins = _pins(lifecycle, order)
    pin = _known(lifecycle, order) if order.version else _before(lifecycle, order.family)
    reason = f"{pin.version} is in Production again by order, in place of {pins[Alias.PRODUCTION].version}"
    moves = Move(pin, Alias.PRODUCTION), Move(pins[Alias.PRODUCTION], Alias.SHADOW2)
    return _decided(lifecycle, Kind.ROLLED_BACK, order, position, by, reason, *moves)


def enter(lifecycle: Lifecycle, family: str, pin: Pin, position: int, by: str) -> Entry:
    """Let a bundle that somebody brought climb from shadow2 like any candidate."""
    reason = f"{pin.version} was brought in and takes shadow2"
    return _decided(lifecycle, Kind.ENTERED, Order(family), position, by, reason, Move(pin, Alias.SHADOW2))


def reload(store: Store, sidecar: Sidecar) -> dict[str, str]:
    """Have the sidecar look at the store now; by family, what keeps it from serving what the store says."""
    found = {family: sidecar.load(family) for family in store.table().aliases}
    return {family: fault for family, fault in found.items() if fault is not None}


def _decided(
    lifecycle: Lifecycle, kind: Kind, order: Order, position: int, by: str, reason: str, *moves: Move
) -> Entry:
    change = Change(kind=kind, family=order.family, by=by, reason=reason, position=position, moves=moves)
    return lifecycle.decide(change, order.generation)


def _pins(lifecycle: Lifecycle, order: Order) -> dict[Alias, Pin]:
    aliases = lifecycle.settle().aliases
    if order.family not in aliases:
        raise Unwanted(f"There is no family {order.family!r}; there are {', '.join(sorted(aliases))}.")
    return aliases[order.family]


def _known(lifecycle: Lifecycle, order: Order) -> Pin:
    """The version's pin, from the aliases or from any entry that ever named it."""
    table: Table = lifecycle.settle()
    for aliases in (table.aliases, *(entry.after for entry in reversed(lifecycle.entries()))):
        for pin in aliases.get(order.family, {}).values():
            if pin.version == order.version:
                lifecycle.store.bundle(pin)  # raises BundleError where it is gone
                return pin
    raise Unwanted(f"{order.family} never had a version {order.version!r}.")


def _before(lifecycle: Lifecycle, family: str) -> Pin:
    """What was in Production before what is there now."""
    for entry in reversed(lifecycle.entries()):
        before, after = (places.get(family, {}).get(Alias.PRODUCTION) for places in (entry.before, entry.after))
        if before is not None and before != after:
            return before
    raise Unwanted(f"{family} has had nothing else in Production.")
