"""What the game refuses. Every refusal has one code, which the browser and the metrics see.

GameError
├── StaleRound        the round named is not the one that is open
├── RoundNotOpen      the bot has not sealed its move yet
├── AlreadyMoved      a different move was accepted for that round
├── MatchOver         the match has ended
└── CorruptRecord     a log record contradicts the rules or the records before it

BadImage              bytes that are not an image which may be looked at
"""

from typing import ClassVar

from game.codes import Code


class GameError(Exception):
    """An event that the match does not allow; the match is unchanged."""

    code: ClassVar[Code]


class StaleRound(GameError):
    code = Code.STALE_ROUND


class RoundNotOpen(GameError):
    code = Code.ROUND_NOT_OPEN


class AlreadyMoved(GameError):
    code = Code.ALREADY_MOVED


class MatchOver(GameError):
    code = Code.MATCH_OVER


class CorruptRecord(GameError):
    code = Code.CORRUPT_RECORD


class BadImage(Exception):
    """These bytes are refused as an image, for the code and in the words given."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
