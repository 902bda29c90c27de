"""Which recorded rounds a retraining learns from, and which it is judged on."""

from hashlib import sha256

import numpy as np

from trainer.columns import Bools, Ints
from trainer.intake import Intake
from trainer.splits import apart

HELD_OUT = 0.2
VALIDATION = 0.15
FEW = 5
"""With fewer players than this, the last matches are held out instead of whole players."""


def sides(intake: Intake) -> tuple[Bools, Bools, Bools]:
    """(train, validation, held out): a mask each over the intake's rounds, by whole players where there are enough.

    Players are ranked by a digest of their name, so that who is held out hardly changes from one cycle to the next,
    and the model in production has not learned from them either.
    """
    if len(intake.players) < FEW:
        place = np.linspace(0, 1, len(intake.matches), endpoint=False) + 1 / max(1, len(intake.matches))
        held_out, validation = place > 1 - HELD_OUT, (place > 1 - HELD_OUT - VALIDATION)
        side = np.where(held_out, 2, np.where(validation, 1, 0))[intake.rounds.history]
        return side == 0, side == 1, side == 2
    ranked = np.argsort([sha256(name.encode()).digest()[:8].hex() for name in intake.players])
    side = np.zeros(len(ranked), np.int64)
    first, second = (max(1, round(share * len(ranked))) for share in (HELD_OUT, VALIDATION))
    side[ranked[:first]], side[ranked[first : first + second]] = 2, 1
    owners: Ints = intake.rounds.owners
    masks = [side[owners] == one for one in range(3)]
    apart(*(owners[mask] for mask in masks))
    return masks[0], masks[1], masks[2]
