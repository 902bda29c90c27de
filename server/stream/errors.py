"""What keeps the stream from being followed or filled.

StreamError
├── StreamAway     NATS does not answer, or not as JetStream; it is tried again
├── NotOurs        the stream of this name is not of this log; nothing is published into it
└── OutOfStep      somebody else has published meanwhile; whoever meets this asks again where the stream ends
"""


class StreamError(Exception):
    """Something about the stream, told in a sentence."""


class StreamAway(StreamError):
    """NATS does not answer, or not as JetStream."""


class NotOurs(StreamError):
    """There is a stream of this name, but it does not hold the rows of this log."""


class OutOfStep(StreamError):
    """The stream does not end where it was thought to end."""
