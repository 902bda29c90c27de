"""What can stop the trainer. Each text is one line for the person at the terminal.

TrainerError
├── NoLog         there is no round log to read yet
├── OutputError   the folder to write is not empty
├── LeakError     a player stands on two sides of a split
└── ExportError   a graph does not say what the model it was made from says
"""


class TrainerError(Exception):
    """A command cannot go on."""


class NoLog(TrainerError):
    """The database is not there yet, or holds no log."""


class OutputError(TrainerError):
    """The folder to write is not empty."""


class LeakError(TrainerError):
    """A player stands on two sides of a split."""


class ExportError(TrainerError):
    """A graph does not say what the model it was made from says."""
