"""What can stop the trainer. Each text is one line for the person at the terminal.

TrainerError
├── NoLog                there is no round log to read yet
├── MirrorUnusable       the mirror of the log is damaged, or another log's
├── LedgerUnavailable    the database does not take or give entries
├── Overtaken            somebody else decided meanwhile
├── Unwanted             what was asked for cannot be done as things stand
├── NothingToLearn       there are no rows, or some of their features are not numbers, or there are no photos
├── NoDataset            there is no dataset of rounds in a folder, or it cannot be read
├── NoCluster            the Ray cluster that fits are to be done on cannot be used
├── TaskFailed           work that was given to another process failed there
├── NotFetched           what is at an address could not be had, or is not what was expected
├── LeakError            something that judges a model was learned from
├── ExportError          a graph does not say what the model it was made from says
├── SidecarUnavailable   the sidecar cannot be asked
├── RegistryUnavailable  the registry cannot be told
├── NoServer             nobody plays at an address, or no longer
├── NotPlayed            a server does not want to play this, or speaks another language
└── OutputError          the folder to write is not empty
"""


class TrainerError(Exception):
    """A command cannot go on."""


class NoLog(TrainerError):
    """The database is not there yet, or holds no log."""


class MirrorUnusable(TrainerError):
    """The mirror of the log cannot be written, or is another log's."""


class NoDataset(TrainerError):
    """There is no dataset of rounds in the folder, or it cannot be read."""


class OutputError(TrainerError):
    """The folder to write is not empty."""


class LeakError(TrainerError):
    """Something that judges a model was learned from, or a predictor knows what is not played yet."""


class ExportError(TrainerError):
    """A graph does not say what the model it was made from says."""


class LedgerUnavailable(TrainerError):
    """The ledger's database does not take or give entries."""


class Overtaken(TrainerError):
    """Somebody else decided something meanwhile; look again."""


class Unwanted(TrainerError):
    """What was asked for cannot be done as things stand."""


class SidecarUnavailable(TrainerError):
    """The sidecar does not answer, or not as it must."""


class NothingToLearn(TrainerError):
    """There is no row to learn from, or a row is not all numbers, or there is no photo."""


class NotFetched(TrainerError):
    """What is at an address could not be had, or is not what was expected."""


class RegistryUnavailable(TrainerError):
    """The registry does not answer, or not as it must; what waits for it goes on waiting."""


class NoServer(TrainerError):
    """Nobody plays at that address, or no longer."""


class NotPlayed(TrainerError):
    """The server does not want to play this, or speaks another language."""


class NoCluster(TrainerError):
    """Ray is not installed, or no cluster answers at the address."""


class TaskFailed(TrainerError):
    """Work that was given to another process failed there; the text holds its traceback."""
