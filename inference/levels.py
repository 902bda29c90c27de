"""What the sidecar is when somebody collects: how much waits, what serves and how old it is, what is refused.

Read in the collecting thread. Shelves and what a look has seen are replaced, never changed, so each is taken once.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from inference.batch import Desk
from inference.follow import FollowerOf
from inference.lookout import Lookout
from telemetry.tallies import Reading, Tallies


def tell_levels(tallies: Tallies, desk: Desk, lookout: Lookout, *followers: FollowerOf[Any, Any]) -> None:
    """Have these told among the sidecar's instruments."""

    def depths() -> list[Reading]:
        return [(("rounds",), desk.queued), (("pasts",), desk.reading), (("images",), len(lookout))]

    def serving() -> Iterator[tuple[str, str, str, str]]:
        for follower in followers:
            for family, models in follower.shelf.families.items():
                for alias, model in models.items():
                    yield family, alias.value, model.version, model.created

    def info() -> Iterator[Reading]:
        return (((family, alias, version), 1) for family, alias, version, _ in serving())

    def ages() -> Iterator[Reading]:
        now = datetime.now(UTC)
        for family, alias, _, created in serving():
            if (seconds := _since(created, now)) is not None:
                yield (family, alias), seconds

    def refused() -> list[Reading]:
        return [((one.family, one.alias.value), 1) for follower in followers for one in follower.seen.refused]

    tallies.gauge(
        "rps.inference.queue.depth",
        "{request}",
        "Requests that wait: for a batch, for a player's past to be read, for an image to be looked at.",
        "line",
        read=depths,
    )
    tallies.gauge(
        "rps.model.info", "{model}", "1 for each version that serves.", "family", "alias", "version", read=info
    )
    tallies.gauge("rps.model.age", "s", "Since the serving version was made.", "family", "alias", read=ages)
    tallies.gauge(
        "rps.model.refused",
        "{model}",
        "1 for each alias whose wanted bundle is refused; what served before goes on.",
        "family",
        "alias",
        read=refused,
    )


def _since(created: str, now: datetime) -> float | None:
    """Seconds since a manifest's time; None where it is none."""
    try:
        made = datetime.fromisoformat(created)
    except ValueError:
        return None
    return (now - (made if made.tzinfo else made.replace(tzinfo=UTC))).total_seconds()
