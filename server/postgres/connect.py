"""Connections to PostgreSQL as the server needs them: impatient, and each statement a transaction of its own."""

import os
import socket
from secrets import token_hex
from urllib.parse import urlsplit

import asyncpg

CONNECT_S = 2.0
"""How long making a connection may take."""
STATEMENT_S = 3
"""How long PostgreSQL works at a statement, waiting for locks included; it gives up by itself, whatever we do."""
COMMAND_S = 4.0
"""How long we wait for its answer."""

ILLEGIBLE = (
    "RPS_DATABASE_URL cannot be read. In its user and password write %2F for /, %3F for ?, %23 for #, %40 for @, "
    "%5B for [ and %5D for ]."
)

FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What any statement may raise."""
_UNREACHABLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,  # it was the primary until a moment ago
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InternalClientError,
    asyncpg.InterfaceError,
    OSError,
)

NAME = "rps-quest"
LONGEST_NAME = 63
SESSION = {
    "application_name": NAME,
    "default_transaction_isolation": "read committed",  # what is looked at behind a lock is what the last one left
    "synchronous_commit": "on",
    "statement_timeout": f"{STATEMENT_S}s",
}


def unreachable(error: Exception) -> bool:
    """Whether the fault is the connection's or PostgreSQL's as a whole, and not that of what was asked."""
    return isinstance(error, _UNREACHABLE) and not isinstance(error, ValueError)  # a value that cannot be sent


async def connected(address: str, name: str = NAME) -> asyncpg.Connection:
    """A connection that no other one shares, where writes are taken; raises one of FAULTS.

    PostgreSQL tells everybody its `name`, as far as LONGEST_NAME, for as long as it lasts.
    """
    return await asyncpg.connect(
        address,
        timeout=CONNECT_S,
        command_timeout=COMMAND_S,
        server_settings=SESSION | {"application_name": name[:LONGEST_NAME]},
        target_session_attrs="read-write",
    )


def said(error: Exception) -> str:
    """The fault in one line; a timeout has no words of its own."""
    return " ".join(str(error).split()) or "it does not answer in time"


def unusable(address: str, error: Exception) -> str:
    """Why the database there cannot be used, in a sentence that has no part of the password, however it was written."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ILLEGIBLE
    if "@" in parts.path + parts.query + parts.fragment:  # what is taken for the place may be the password's beginning
        return ILLEGIBLE
    return (
        f"PostgreSQL at {parts.netloc.rpartition('@')[2] or 'this machine'}{parts.path} cannot be used: {said(error)}."
    )


def own_name() -> str:
    """What this process calls itself before other servers."""
    return f"{socket.gethostname()}:{os.getpid()}:{token_hex(4)}"
