"""Which model a match is played by, and what models are called."""

from enum import StrEnum
from hashlib import sha256


class Alias(StrEnum):
    """The four standing places of a family. Production and B play; the shadows only predict."""

    PRODUCTION = "Production"
    B = "B"
    SHADOW1 = "shadow1"
    SHADOW2 = "shadow2"


def assign(salt: str, match: str, share_b: float = 0.5) -> Alias:
    """The alias that plays this match: uniform over matches, fixed by the secret salt, the same on every server."""
    point = int.from_bytes(sha256(f"{salt}:{match}".encode()).digest()[:8]) / 2**64
    return Alias.B if point < share_b else Alias.PRODUCTION
