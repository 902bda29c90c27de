"""How a row of the log is named and carried in the stream.

A message is a row: its payload is the row's body, its headers are the other columns. Its sequence number in the stream
*is* the row's position, so that a stream can be wrong in no other way than by ending too early or beginning too late.
"""

from collections.abc import Mapping

from nats.js.api import Header

from server.ports import Entry
from server.stream.errors import NotOurs

POSITION, MATCH, ROUND, KIND, AT = "Rps-Position", "Rps-Match", "Rps-Round", "Rps-Kind", "Rps-At"

KINDS = ("opened", "sealed", "played", "closed")


def subjects(stream: str) -> str:
    """All subjects of the stream."""
    return f"{stream}.*"


def subject(stream: str, entry: Entry) -> str:
    return f"{stream}.{entry.kind}"


def headers(entry: Entry) -> dict[str, str]:
    """What goes with the body. The stream takes the message only where it ends with the row before."""
    return {
        Header.MSG_ID.value: f"{entry.match}:{entry.round}:{entry.kind}",
        Header.EXPECTED_LAST_SEQUENCE.value: str(entry.position - 1),
        POSITION: str(entry.position),
        MATCH: entry.match,
        ROUND: str(entry.round),
        KIND: entry.kind,
        AT: str(entry.at),
    }


def entry(given: Mapping[str, str] | None, body: bytes) -> Entry:
    """The row that a message carries; raises NotOurs where it carries none."""
    try:
        told = given or {}
        return Entry(int(told[POSITION]), told[MATCH], int(told[ROUND]), told[KIND], int(told[AT]), body)
    except (KeyError, ValueError) as error:
        raise NotOurs("It holds a message that is no row of a round log.") from error
