"""Which recorded matches a retraining learns from, stops by, and is judged on.

The newest matches are held out whole. They are later than everything learned from, and as the log grows the place
where they begin only moves on, so that the model in production, which learned at an earlier cycle by the same rule,
has not learned from them either. The older matches stand in folds by whole player; each cycle another fold decides
when a fit stops, its temperature and which configuration is best, and the others train.
"""

from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from trainer.data.columns import Bools, Ints
from trainer.data.copies import contents
from trainer.data.snapshot import Snapshot
from trainer.data.splits import apart
from trainer.errors import LeakError

HELD_OUT = 0.15
"""The share of the rounds that is held out, from the newest."""
MOST_HELD_OUT = 4000
"""Rounds held out at most: they tell log-losses apart that differ by less than .01, and all later ones would be kept
from learning while they are still worth the most."""
FOLDS = 5
FEW = 5
"""With fewer players than this to learn from, folds are by whole match."""


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """A mask each over the snapshot's histories; `by_player` says whether folds are of players or of matches.

    Made through `sides`, and to be passed through `check` if made otherwise.
    """

    train: Bools
    validation: Bools
    held_out: Bools
    by_player: bool


def sides(snapshot: Snapshot, cycle: int) -> Sides:
    """The sides of this cycle, checked; each may be empty where there is little. Raises LeakError."""
    held_out = _newest(snapshot)
    older = np.flatnonzero(~held_out)
    names = [snapshot.players[owner] for owner in snapshot.rounds.owner[older]]
    by_player = len(set(names)) >= FEW
    fold = np.array([_fold(name) for name in (names if by_player else [snapshot.matches[at] for at in older])], int)
    there = np.unique(fold)
    validation = np.zeros(len(held_out), np.bool_)
    if len(there) > 1:  # a single fold trains
        validation[older] = fold == there[cycle % len(there)]
    found = Sides(~held_out & ~validation, validation, held_out, by_player)
    check(snapshot, found)
    return found


def _newest(snapshot: Snapshot) -> Bools:
    """The matches from the newest on that hold no more than the rounds to hold out; one at least if there are two."""
    rounds = _played(snapshot)
    after = np.cumsum(rounds[::-1])[::-1]
    newest = after <= min(HELD_OUT * snapshot.played, MOST_HELD_OUT)
    if len(newest) > 1:
        newest[-1] = True
    return np.asarray(newest)


def _played(snapshot: Snapshot) -> Ints:
    """The number of played rounds of each history."""
    return np.bincount(snapshot.rounds.history[snapshot.rounds.played], minlength=len(snapshot.matches))


def _fold(name: str) -> int:
    """The fold that this player or match is in at every cycle."""
    return int.from_bytes(sha256(name.encode()).digest()[:8]) % FOLDS


def check(snapshot: Snapshot, found: Sides) -> None:
    """Raise LeakError if anything that judges a model was, or could have been, learned from."""
    masks = {"training": found.train, "validation": found.validation, "held out": found.held_out}
    _once(snapshot, masks)
    if found.by_player:
        apart(snapshot.rounds.owner[found.train], snapshot.rounds.owner[found.validation])
    _in_time(snapshot, found)
    _no_copies(snapshot, masks)


def _once(snapshot: Snapshot, masks: dict[str, Bools]) -> None:
    """Every match stands on one side, under one name."""
    number = np.sum([*masks.values()], axis=0)
    if (number > 1).any():
        raise LeakError(f"Match {snapshot.matches[int(number.argmax())]} stands on two sides.")
    where: dict[str, str] = {}
    for side, mask in masks.items():
        for name in (snapshot.matches[match] for match in np.flatnonzero(mask)):
            if where.setdefault(name, side) != side:
                raise LeakError(f"Match {name} stands on two sides, {where[name]} and {side}.")


def _in_time(snapshot: Snapshot, found: Sides) -> None:
    learned = found.train | found.validation
    if not found.held_out.any() or not learned.any():
        return
    first = snapshot.opened_at[found.held_out].min()
    later = np.flatnonzero(learned & (snapshot.opened_at > first))
    if len(later):
        raise LeakError(f"Match {snapshot.matches[later[0]]} is learned from and was opened after the first held out.")


def _no_copies(snapshot: Snapshot, masks: dict[str, Bools]) -> None:
    """No long match stands on two sides under different names."""
    side_of = {match: side for side, mask in masks.items() for match in np.flatnonzero(mask).tolist()}
    seen: dict[bytes, int] = {}
    for match, body in contents(snapshot.rounds):
        first = seen.setdefault(body, match)
        before, side = side_of.get(first), side_of.get(match)
        if before != side and None not in (before, side):
            names = f"{snapshot.matches[match]} and {snapshot.matches[first]}"
            raise LeakError(f"Matches {names} are copies of each other on two sides, {side} and {before}.")
