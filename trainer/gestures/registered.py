"""A training of gesture models as a run in the registry, with its pictures; a registry that is down is told of."""

import logging
from collections.abc import Mapping, Sequence
from time import time

from models.gesture_bundle import Family
from trainer.errors import RegistryUnavailable
from trainer.gestures.evaluate import Picture
from trainer.gestures.plots import draw
from trainer.gestures.rates import Seen, rates
from trainer.gestures.served import Pair
from trainer.registry.tracking import Point, Record, Tracking

log = logging.getLogger(__name__)

EXPERIMENT = "rps-quest-gestures"


def register(
    uri: str,
    name: str,
    pair: Pair,
    seen: Mapping[str, Sequence[Seen]],
    judges: Sequence[Picture],
    tags: Mapping[str, str],
    curve: Sequence[float] = (),
    started: float | None = None,
) -> str | None:
    """The run's id; None where the registry does not take it. `started` is in seconds since 1970, `curve` by epoch."""
    now = time()
    record = Record(
        name=name,
        tags={**tags, **_tags(pair)},
        parameters=_parameters(pair),
        points=[*_points(seen), *(Point("validation_accuracy", value, step) for step, value in enumerate(curve, 1))],
        pictures=draw(seen, judges),
        started=int(1000 * (now if started is None else started)),
        ended=int(1000 * now),
    )
    tracking = Tracking(uri, EXPERIMENT)
    try:
        tracking.open()
        return tracking.write(record)
    except RegistryUnavailable as error:
        log.warning("%s This training is not in the registry.", error)
        return None


def _tags(pair: Pair) -> dict[str, str]:
    return {f"rps.{family}": version for family, version in pair.versions.items() if version}


def _parameters(pair: Pair) -> dict[str, str]:
    found: dict[str, str] = {}
    for family, bundle in ((Family.POINTS, pair.points), (Family.PIXELS, pair.pixels)):
        if bundle is not None:
            told = bundle.manifest
            found |= {f"{family}.{name}": str(value) for name, value in told.configuration.items()}
            found |= {f"{family}.threshold": str(told.threshold), f"{family}.images": str(told.training.images)}
    return found


def _points(seen: Mapping[str, Sequence[Seen]]) -> list[Point]:
    every = {**seen, "all": [one for group in seen.values() for one in group]}
    points = []
    for name, group in every.items():
        one = rates(group)
        for what in ("accuracy", "coverage", "accuracy_answered"):
            value = getattr(one, what)
            if value is not None:
                points.append(Point(f"{name}.{what}", value))
    return points
