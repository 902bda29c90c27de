"""Who can be played against: families of models, each by its name, which is also its id.

The shipped ones stand here, so that they can be chosen while no sidecar answers. Any other family is brought by its
bundle: the manifest says who it is, and the sidecar tells that of what it serves (`game.ask.Greeting`).
"""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct


class Opponent(Struct, frozen=True):
    """A family as players know it: a name and a sentence or two."""

    name: Annotated[str, Meta(min_length=1, max_length=24)]
    about: Annotated[str, Meta(max_length=160)]


OPPONENTS: dict[str, Opponent] = {
    "brian": Opponent("Brian", "A neural network. Slow to commit, hard to shake off once he has you."),
    "forrest": Opponent("Forrest", "Hundreds of decision trees. Remembers what you do when you lose."),
    "logan": Opponent("Logan", "A plain logistic regression. Simple, calm, and better than he looks."),
    "maxine": Opponent("Maxine", "A panel of experts on you. The longer you play, the more she sees."),
}


def together(brought: Mapping[str, Opponent]) -> dict[str, Opponent]:
    """The shipped ones and behind them, by name, those that bundles brought: no bundle renames who is shipped."""
    return {**OPPONENTS, **{family: brought[family] for family in sorted(brought) if family not in OPPONENTS}}
