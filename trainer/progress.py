"""How far a cycle is, for people and for machines."""

from msgspec import Struct


class Progress(Struct, frozen=True):
    """How far a cycle is. `eta_s` is None until there is something to judge by."""

    phase: str
    percent: float
    eta_s: float | None
    cycle: int

    def __str__(self) -> str:
        left = "" if self.eta_s is None else f", some {self.eta_s:.0f} s left"
        return f"Cycle {self.cycle}: {self.phase}, {self.percent:.0f} %{left}."
