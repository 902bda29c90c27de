"""What `/api/stats` tells as `since_start`; what must survive a restart comes from the round log instead."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Annotated

from msgspec import Meta

By = Annotated[
    Counter[str], Meta(extra_json_schema={"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}})
]


@dataclass
class Counters:
    """Plain counts of this process, each by its reason or kind."""

    connections: int = 0
    rounds: int = 0
    """Rounds that were played."""
    resumes: int = 0
    unanswered: By = field(default_factory=Counter)
    """Rounds for which no model answered, by reason: late, down, error."""
    fallbacks: int = 0
    """Of those, the rounds that were played from the equilibrium for that reason."""
    refused: By = field(default_factory=Counter)
    looks: By = field(default_factory=Counter)
    """Images that were looked at, by what became of them: preview, throw, unclear (meant as a throw), upload."""
