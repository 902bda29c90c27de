"""The trainer's tables in PostgreSQL."""

from trainer.postgres import Postgres


class PostgresTables:
    """Implements `Tables`."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self.name = server.name
        self.fetch = server.fetch

    def field(self, *path: str) -> str:
        return f"(body::json #>> '{{{','.join(path)}}}')"
