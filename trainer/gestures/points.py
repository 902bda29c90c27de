"""Training of the landmark classifier: 21 points of a hand in, a label out. It takes half a minute.

It learns from hands as the landmark network sees them: photographed, drawn, and bare skeletons, each turned, noised and
mirrored anew in every epoch. The network tells depth less well than place, and so does the noise.
"""

from collections.abc import Callable, Sequence

import keras
import numpy as np
from keras import layers
from msgspec import Struct
from numpy.typing import NDArray

from game.gestures import Label
from models.hands.points import SIZE, normalised
from trainer.gestures.skeleton import Floats, pose

CLASSES = (Label.ROCK, Label.PAPER, Label.SCISSORS, Label.OTHER)
EPOCHS, BATCHES, BATCH = 40, 60, 512
_SMOOTHING = 0.02
_RATE = 3e-3
_SKELETONS = 2000

Tell = Callable[[float], None]


class Hands(Struct, frozen=True):
    """Points [n, 21, 3] in any unit and frame, and their labels; `noise` 1 is for points that are exact."""

    points: Floats
    labels: Sequence[Label]
    noise: float


def skeletons(each: int, rng: np.random.Generator) -> Hands:
    """Exact hands of every label; of other signs half as many."""
    labels = [label for label in CLASSES for _ in range(each if label is not Label.OTHER else each // 2)]
    return Hands(np.array([pose(label.value, rng) for label in labels]), labels, 1.0)


def train(kinds: Sequence[tuple[float, Hands]], classes: Sequence[Label], seed: int, tell: Tell) -> keras.Model:
    """A model that maps features to `logits`; each kind of hands fills its share of every batch."""
    rng = np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    features = keras.Input((SIZE,), name="points")
    x = layers.Dropout(0.1)(layers.Dense(128, activation="relu")(features))
    x = layers.Dropout(0.1)(layers.Dense(64, activation="relu")(x))
    model = keras.Model(features, {"logits": layers.Dense(len(classes), name="logits")(x)})
    steps = EPOCHS * BATCHES
    rate = keras.optimizers.schedules.CosineDecay(
        _RATE / 20, steps * 9 // 10, alpha=0.02, warmup_target=_RATE, warmup_steps=steps // 10
    )
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=_SMOOTHING)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=1e-3), loss={"logits": loss})
    places = [np.array([classes.index(label) for label in hands.labels]) for _, hands in kinds]
    for epoch in range(EPOCHS):
        given, wanted = _epoch(kinds, places, rng)
        hot = np.eye(len(classes), dtype=np.float32)[wanted]
        model.fit(given, {"logits": hot}, batch_size=BATCH, epochs=1, verbose=0)
        tell((epoch + 1) / EPOCHS)
    return model


def _epoch(
    kinds: Sequence[tuple[float, Hands]], places: Sequence[NDArray[np.int64]], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    total = sum(share for share, _ in kinds)
    given, wanted = [], []
    for (share, hands), labels in zip(kinds, places, strict=True):
        chosen = rng.integers(len(labels), size=int(BATCHES * BATCH * share / total))
        given.append(normalised(disturbed(hands.points[chosen], hands.noise, rng)))
        wanted.append(labels[chosen])
    order = rng.permutation(sum(map(len, wanted)))
    return np.concatenate(given)[order], np.concatenate(wanted)[order]


def disturbed(points: Floats, noise: float, rng: np.random.Generator) -> Floats:
    """The hands seen from anywhere, left or right, as inexactly as a network would tell them."""
    count = len(points)
    size = np.linalg.norm(points[:, 9] - points[:, 0], axis=-1)[:, None, None] * noise
    seen = np.asarray(points, np.float64) @ _turns(count, rng)
    seen[..., :2] += rng.normal(size=(count, 21, 2)) * size * 0.02
    seen[..., 2:] *= rng.uniform(0.6, 1.15, (count, 1, 1))
    seen[..., 2:] += rng.normal(size=(count, 21, 1)) * size * 0.05
    bent = rng.normal(size=(count, 5, 1, 1)) * np.linspace(0, 1, 4)[None, None, :, None]
    seen[:, 1:, 2:] += bent.reshape(count, 20, 1) * size * 0.06
    seen[..., 0] *= np.where(rng.random((count, 1)) < 0.5, -1, 1)
    return seen


def _turns(count: int, rng: np.random.Generator) -> Floats:
    """Uniform rotations [n, 3, 3], from uniform unit quaternions."""
    q = rng.normal(size=(count, 4))
    w, x, y, z = (q / np.linalg.norm(q, axis=1, keepdims=True)).T
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    )
    return np.asarray(np.stack([np.stack(row, axis=-1) for row in rows], axis=-2))
