"""An independent referee: checks a finished match by the printed rules with nothing of the game's own code."""

import hashlib
import json
from typing import Any

MOVES = ("rock", "paper", "scissors")
BEATS = {"rock": "scissors", "paper": "rock", "scissors": "paper"}


def number(seed: str, round: int, name: str) -> int:
    digest = hashlib.sha256(f"{seed}:{round}:{name}".encode()).hexdigest()
    return int(digest[:4], 16)


def values_of(seed: str, round: int) -> dict[str, int]:
    low = MOVES[number(seed, round, "low") % 3]
    beta = 11 + number(seed, round, "base") % 5
    high = BEATS[low]
    (mid,) = set(MOVES) - {low, high}
    return {low: 10, mid: beta, high: beta + 5}


def check(transcript: dict[str, Any]) -> None:
    """Raise AssertionError at the first thing that does not hold."""
    seed = transcript["seed"]
    assert hashlib.sha256(seed.encode()).hexdigest() == transcript["seed_hash"]
    player = bot = 0
    for expected, round in enumerate(transcript["rounds"], start=1):
        assert player < 100 and bot < 100, "a round after the end"
        assert round["round"] == expected
        values = values_of(seed, expected)
        assert round["values"] == values
        assert hashlib.sha256(round["reveal"].encode()).hexdigest() == round["commitment"]
        reveal = json.loads(round["reveal"])
        assert (reveal["match"], reveal["round"]) == (transcript["match"], expected)
        mine, theirs = round["player_move"], round["bot_move"]
        assert reveal["move"] == theirs
        if mine == theirs:
            outcome, gained = "draw", (5, 5)
        elif BEATS[mine] == theirs:
            outcome, gained = "win", (values[mine], 0)
        else:
            outcome, gained = "lose", (0, values[theirs])
        assert round["outcome"] == outcome
        assert (round["gained"]["player"], round["gained"]["bot"]) == gained
        player, bot = player + gained[0], bot + gained[1]
        assert (round["scores"]["player"], round["scores"]["bot"]) == (player, bot)
    assert player >= 100 or bot >= 100
    winner = "tie" if player == bot else "player" if player > bot else "bot"
    assert transcript["winner"] == winner
    assert transcript["scores"] == {"player": player, "bot": bot}
