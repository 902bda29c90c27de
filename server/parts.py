"""Everything of one running server, wired together."""

from server.audience import Audience
from server.donations import Donations
from server.meters import Meters
from server.ports import Chance, Database, Eyes, Oracle
from server.room import Room
from server.settings import Settings
from server.table import Table
from telemetry.traces import NO_TRACES, Traces

FRAMES_BYTES = 8 * 1024 * 1024
"""What the images of all sockets that are looked at, or wait for it, may have together."""


class Parts:
    """What sessions and pages share. `log` also knows the players and the standings."""

    def __init__(
        self,
        settings: Settings,
        log: Database,
        oracle: Oracle,
        eyes: Eyes,
        salt: str,
        meters: Meters | None = None,
        traces: Traces = NO_TRACES,
    ) -> None:
        self.settings = settings
        self.log = log
        self.oracle = oracle
        self.eyes = eyes
        self.frames = Room(FRAMES_BYTES)
        self.donations = Donations(log)
        self.meters = meters or Meters()
        self.audience = Audience()
        self.chance = Chance()
        self.table = Table(
            log,
            oracle,
            self.audience,
            self.meters,
            self.chance,
            salt=salt,
            share_b=settings.share_b,
            share_control=settings.control_share,
            lean=settings.lean,
            traces=traces,
        )
        levels = self.meters.levels
        levels.matches = self.table.seats.live
        levels.rounds, levels.images = lambda: oracle.connected, lambda: eyes.connected

    def faults(self) -> dict[str, str]:
        """What keeps this server from being ready, in plain words."""
        faults = {}
        if self.table.draining:
            faults["server"] = "about to stop"
        if self.log.fault:
            faults["database"] = self.log.fault
        if not self.oracle.connected:
            faults["inference"] = "the sidecar does not answer; rounds are played from the equilibrium"
        return faults
