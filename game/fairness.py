"""Sealing: the bot's move is fixed, hashed and told as a hash before the player throws.

Anybody can check a round afterwards with SHA-256 alone: the revealed text hashes to the commitment, and the move in
it is the one that was played; and with the seed, told at the end, that its hash and every round's values hold.
"""

from hashlib import sha256

from msgspec import Struct, json

from game.moves import Move

VERSION = 1
SEED_BITS = 128
NONCE_BITS = 256


class Reveal(Struct, frozen=True):
    """What the bot fixed when the round opened. Its canonical JSON text is what is hashed."""

    v: int
    match: str
    round: int
    move: Move
    source: str
    version: str
    probabilities: dict[Move, float]
    mix: dict[Move, float]
    nonce: str
    lean: float = 0.0


def sha256_hex(text: str) -> str:
    """SHA-256 of the text's UTF-8 bytes, in hex."""
    return sha256(text.encode()).hexdigest()


def canonical(reveal: Reveal) -> str:
    """The reveal as JSON with sorted keys and no spaces: the text whose hash is the commitment."""
    return json.encode(reveal, order="sorted").decode()


def commitment(reveal: str) -> str:
    """The hash that is told before the throw."""
    return sha256_hex(reveal)


def opens(text: str, sealed: str) -> Reveal | None:
    """The reveal in `text` if it hashes to the commitment `sealed` and is well formed, else None."""
    if commitment(text) != sealed:
        return None
    try:
        return json.decode(text, type=Reveal)
    except ValueError:
        return None
