"""What the server refuses or cannot do.

Refusal            a browser's request that is answered by `refused` (rules refuse through `game.errors.GameError`)
DatabaseError      the database cannot be used; told at start, nothing is overwritten
LogUnavailable     records could not be made durable; nothing that depends on them is told
BackupError        a backup cannot be made, or is not whole
Overtaken          another server plays with this player now; nothing was written
"""

from game.codes import MEANING, Code


class Refusal(Exception):
    """A request that is refused with `code`; nothing has changed."""

    def __init__(self, code: Code, message: str = "", match: str | None = None, retry_after_ms: int | None = None):
        super().__init__(message or MEANING[code])
        self.code = code
        self.match = match
        self.retry_after_ms = retry_after_ms


class DatabaseError(Exception):
    """The database is damaged, newer than this program, in use, or not one of ours."""


class LogUnavailable(Exception):
    """The round log did not take the records."""


class BackupError(Exception):
    """What is kept cannot be copied, or a copy is not what it says."""


class Overtaken(Exception):
    """The player has been claimed by another server since."""
