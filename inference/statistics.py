"""The Open Inference Protocol's `statistics` extension, as NVIDIA Triton defines it: what each loaded version has done.

An inference is a row that got a distribution, an execution a run of the model over a batch of rows. A run fails where
the runtime raises or any row of it gets no distribution. Counts begin when a version is loaded and end with it. Earlier
rounds of a player that a reader reads again count no more.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from inference.loaded import Loaded
from inference.shelf import Models


class Duration(Struct, frozen=True):
    """So many runs, and the nanoseconds of processor time that the runtime took for all of them."""

    count: int
    ns: int


class InferenceStats(Struct, frozen=True):
    success: Duration
    fail: Duration


class ModelStats(Struct, frozen=True):
    name: str
    version: str
    inference_count: int
    execution_count: int
    inference_stats: InferenceStats


class Statistics(Struct, frozen=True):
    model_stats: list[ModelStats]


def statistics(models: Mapping[str, Iterable[Loaded]]) -> Statistics:
    """What the versions under each name have done; a version that several aliases mean is told once."""
    return Statistics([_told(name, model) for name, found in models.items() for model in dict.fromkeys(found)])


def by_family(families: Mapping[str, Models]) -> dict[str, Iterable[Loaded]]:
    """Every loaded model, by its family."""
    return {family: models.values() for family, models in families.items()}


def _told(name: str, model: Loaded) -> ModelStats:
    done = model.tally.done()
    times = InferenceStats(Duration(done.runs, done.ns), Duration(done.failed, done.failed_ns))
    return ModelStats(name, model.version, done.rows, done.runs, times)
