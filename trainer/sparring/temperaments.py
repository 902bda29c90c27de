"""How much each cue weighs with recorded people, one after another, and a new person drawn after one of them.

`temperaments.json` is written by `trainer.sparring.study`; it holds weights, no throws and no names.
"""

from functools import cache
from importlib.resources import files
from random import Random

from msgspec import Struct, json

from trainer.sparring.memory import CUES

FILE = "temperaments.json"
JITTER = 0.5
"""How far a drawn person may stray from the recorded one, in units of what that one's rounds leave unsure."""
MOODS = (0.7, 1.0, 2.0)
"""How bent a player is on its ways, now and then. Of the levels tried others predict later rounds as well; with these
simulated people are foretold as often as recorded ones."""
CHANGE = 1 / 80
"""How likely a player's mood is to be drawn anew in a round; of 1/80, 1/40, 1/20 and 1/10 the first predicts best."""

Weights = tuple[float, ...]
"""One for each of `CUES`: the log-odds that it adds for what it speaks for wholly."""


class Temperaments(Struct, frozen=True, forbid_unknown_fields=True):
    """`people` are fitted weights; `unsure` is the lower Cholesky factor of how far, on average, they may be off."""

    about: str
    source: str
    licence: str
    players: int
    rounds: int
    cues: tuple[str, ...]
    unsure: tuple[Weights, ...]
    people: tuple[Weights, ...]

    def drawn(self, random: Random) -> Weights:
        """The weights of somebody like one of the people."""
        fitted = random.choice(self.people)
        chance = [random.gauss(0, JITTER) for _ in fitted]
        return tuple(
            weight + sum(by * of for by, of in zip(row, chance, strict=False))
            for weight, row in zip(fitted, self.unsure, strict=True)
        )


def decode(content: bytes) -> Temperaments:
    """Raises ValueError where they are not of these cues."""
    found = json.decode(content, type=Temperaments)
    if found.cues != CUES:
        raise ValueError(f"These temperaments are of other cues: {', '.join(found.cues)}.")
    return found


@cache
def fitted() -> Temperaments:
    """Those of the recorded people."""
    return decode(files("trainer.sparring").joinpath(FILE).read_bytes())
