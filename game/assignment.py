"""Who plays a match, and what models are called."""

from enum import StrEnum
from hashlib import sha256


class Alias(StrEnum):
    """The four standing places of a family. Production and B play; the shadows only predict."""

    PRODUCTION = "Production"
    B = "B"
    SHADOW1 = "shadow1"
    SHADOW2 = "shadow2"


class Arm(StrEnum):
    """Who plays a match: one of the two models, or the equilibrium, with which models are compared."""

    PRODUCTION = "Production"
    B = "B"
    CONTROL = "control"


def follows(arm: Arm) -> Alias | None:
    """The alias whose predictions the bot follows in such a match; none in a control."""
    return None if arm is Arm.CONTROL else Alias(arm.value)


def assign(salt: str, match: str, share_b: float = 0.5, share_control: float = 0.0) -> Arm:
    """Who plays this match: uniform over matches, fixed by the secret salt, the same on every server.

    Controls are `share_control` of all matches, and B plays `share_b` of the others.
    """
    point = int.from_bytes(sha256(f"{salt}:{match}".encode()).digest()[:8]) / 2**64
    if point < share_control:
        return Arm.CONTROL
    return Arm.B if point < share_control + share_b * (1 - share_control) else Arm.PRODUCTION
