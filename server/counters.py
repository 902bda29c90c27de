"""What this process has counted since it started; what must survive a restart comes from the round log instead."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Counters:
    """Plain counts, each by its reason or kind."""

    connections: int = 0
    rounds: int = 0
    resumes: int = 0
    unanswered: Counter[str] = field(default_factory=Counter)
    """Rounds for which no model answered, by reason: late, down, error."""
    fallbacks: int = 0
    """Of those, the rounds that were played from the equilibrium for that reason."""
    refused: Counter[str] = field(default_factory=Counter)
