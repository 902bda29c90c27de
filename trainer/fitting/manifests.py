"""The manifest of a fitted model."""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

from msgspec import to_builtins

from game.features import CONTRACT
from models.bundle import FORMAT, INPUT, OUTPUT, Manifest, Scores, Training, version_of
from trainer.data.columns import Floats, Ints
from trainer.data.rows import Rows
from trainer.fitting.families import Configuration, opponent
from trainer.fitting.measures import scores


def describe(
    family: str,
    configuration: Configuration,
    model: bytes,
    training: Training,
    metrics: Scores,
    baselines: Mapping[str, Scores],
    reads: str = "",
) -> Manifest:
    """`reads` is that of the fitted model."""
    return Manifest(
        format=FORMAT,
        family=family,
        version=version_of(family, model),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        contract=CONTRACT,
        input=INPUT,
        output=OUTPUT,
        model_sha256=sha256(model).hexdigest(),
        training=training,
        configuration=to_builtins(configuration),
        metrics=metrics,
        baselines=dict(baselines),
        reads=reads,
        opponent=opponent(family),
    )


def judge(predicted: Mapping[str, Floats], rows: Rows, seed: int, clusters: Ints | None = None) -> dict[str, Scores]:
    """The scores of several predictors on the same rows, resampled alike, over whole players or over `clusters`."""
    return {name: scores(probabilities, rows, seed, clusters) for name, probabilities in predicted.items()}
