"""Rock, paper and scissors: which beats which, and what a pair of throws comes to."""

from enum import StrEnum


class Move(StrEnum):
    ROCK = "rock"
    PAPER = "paper"
    SCISSORS = "scissors"


class Outcome(StrEnum):
    """How a round or a pair of throws ended, always in the player's view."""

    WIN = "win"
    LOSE = "lose"
    DRAW = "draw"


MOVES = (Move.ROCK, Move.PAPER, Move.SCISSORS)
OUTCOMES = (Outcome.WIN, Outcome.LOSE, Outcome.DRAW)
INDEX = {move: index for index, move in enumerate(MOVES)}

BEATEN_BY = {Move.ROCK: Move.PAPER, Move.PAPER: Move.SCISSORS, Move.SCISSORS: Move.ROCK}
"""The move that beats the key."""
BEATS = {winner: loser for loser, winner in BEATEN_BY.items()}
"""The move that the key beats."""


def outcome(player: Move, bot: Move) -> Outcome:
    """Who won the throw, in the player's view."""
    if player is bot:
        return Outcome.DRAW
    return Outcome.WIN if BEATS[player] is bot else Outcome.LOSE
