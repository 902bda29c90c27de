"""`python -m server describe`: what is kept as docs/asyncapi.json and docs/openapi.json."""

from server import describe_openapi, describe_socket
from telemetry.schemas import write

DOCUMENTS = {"asyncapi": describe_socket.told, "openapi": describe_openapi.told}


def main(what: str) -> int:
    """Print one of `DOCUMENTS`; returns the exit status."""
    write(DOCUMENTS[what]())
    return 0
