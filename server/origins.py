"""Which pages may speak to this server."""

from starlette.datastructures import Headers


def foreign(headers: Headers, allowed: frozenset[str]) -> str | None:
    """The origin of the request's page, if that is neither the server's own nor an allowed one."""
    origin = headers.get("origin")
    own = origin is None or origin.partition("://")[2] == headers.get("host")
    return None if own or origin in allowed else origin
