"""Whether the looks just before a throw speak against it: one image alone may be taken in mid-movement."""

from collections.abc import Iterable

from game.gestures import Label, Look

RECENT_S = 0.7
"""How far back the vote reaches."""
HALVED_S = 0.2
"""Age that halves a vote: a fist that has swung until just now does not outvote the hand that then opened for sure."""


def supported(thrown: Look, before: Iterable[tuple[float, Look]]) -> bool:
    """Whether `thrown` holds against the looks before it, each with its age in seconds.

    Every clear look votes for its label with its confidence, halved with each 0.2 s of age.
    """
    votes = {thrown.label: thrown.confidence}
    for age, look in before:
        if look.clear and age <= RECENT_S:
            votes[look.label] = votes.get(look.label, 0.0) + look.confidence * 0.5 ** (age / HALVED_S)
    return _most(votes) is thrown.label


def _most(votes: dict[Label, float]) -> Label:
    return max(votes, key=votes.__getitem__)
