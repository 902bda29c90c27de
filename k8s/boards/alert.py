"""What an alert is. Somebody who has never seen the system must know from it what to do next."""

from typing import NamedTuple

from k8s.boards.board import RUNBOOK

PAGE, TICKET = "page", "ticket"
"""Somebody must look now; or within the next working day."""


class Alert(NamedTuple):
    """`after` is how long the expression must hold; `description` may use Prometheus' templates."""

    name: str
    severity: str
    expr: str
    summary: str
    description: str
    after: str = "0m"
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def runbook(self) -> str:
        """Its section of the runbook, from the repository's root."""
        return f"{RUNBOOK}#{self.name.lower()}"
