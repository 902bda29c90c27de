"""What can go wrong in the sidecar.

StartError          the process cannot start; its text is the one line that the operator reads
RequestError        an HTTP request is refused with a status; its text is the answer's `error`

Beside them stand `models.errors` (a bundle or the store) and `game.ask.FrameError` (a connection that cannot go on).
On the socket a request is never refused by an exception: its response carries the reason.
"""


class StartError(Exception):
    """An address is taken or a path cannot be used."""


class RequestError(Exception):
    """The request asks for what is not there, or is not what the protocol says."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
