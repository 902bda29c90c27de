"""Everything of one running server, wired together."""

from server.audience import Audience
from server.counters import Counters
from server.ports import Chance, Oracle
from server.settings import Settings
from server.sqlite import SqliteLog
from server.table import Table


class Parts:
    """What sessions and pages share. `log` also knows the players and the standings."""

    def __init__(self, settings: Settings, log: SqliteLog, oracle: Oracle, salt: str) -> None:
        self.settings = settings
        self.log = log
        self.oracle = oracle
        self.counters = Counters()
        self.audience = Audience()
        self.chance = Chance()
        self.table = Table(
            log,
            oracle,
            self.audience,
            self.counters,
            self.chance,
            salt=salt,
            share_b=settings.share_b,
            share_control=settings.control_share,
            lean=settings.lean,
        )

    def faults(self) -> dict[str, str]:
        """What keeps this server from being ready, in plain words."""
        faults = {}
        if self.table.draining:
            faults["server"] = "about to stop"
        if not self.oracle.connected:
            faults["inference"] = "the sidecar does not answer; rounds are played from the equilibrium"
        return faults
