"""Training of the image classifier: shards of lessons in, a Keras model out."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from msgspec import Struct

from game.gestures import Label
from trainer.gestures.augment import augmented
from trainer.gestures.corpus import Lessons
from trainer.gestures.network import COUNT, build

CLASSES = (Label.ROCK, Label.PAPER, Label.SCISSORS, Label.OTHER, Label.NONE)
"""The order of a new model's outputs; who uses a model asks its manifest."""
WEIGHTS = {"logits": 1.0, "points": 2.0, "heat": 0.3}
"""Of what is learned: the class, the points, and the heat that shows the way to the points."""
SPOT = 0.05
"""The spread of a point's heat, in shares of the image."""

_MINGLED = 3
"""Shards that a batch is drawn from."""


class Plan(Struct, frozen=True):
    """How long to train and on images of what side; `rate` is the highest learning rate."""

    side: int = 150
    epochs: int = 4
    steps: int = 400
    batch: int = 64
    rate: float = 2e-3
    smoothing: float = 0.05
    seed: int = 0


def kept(lessons: Lessons, path: Path) -> None:
    """A shard of lessons, whole or not at all."""
    draft = path.with_name(f".{path.name}")
    np.savez(draft, x=lessons.images, y=lessons.labels, p=lessons.points)
    draft.rename(path)


def stream(shards: Callable[[], Sequence[Path]], plan: Plan, classes: int) -> tf.data.Dataset:
    """Augmented batches for ever, from the shards that are there when each is read."""

    def batches() -> Iterator[tuple[Any, Any, Any]]:
        rng = np.random.default_rng(plan.seed)
        while True:
            paths = list(shards())
            chosen = [np.load(paths[place]) for place in rng.permutation(len(paths))[:_MINGLED]]
            x, y, p = (np.concatenate([one[name] for one in chosen]) for name in "xyp")
            order = rng.permutation(len(x))
            for start in range(0, len(order) - plan.batch + 1, plan.batch):
                batch = order[start : start + plan.batch]
                yield x[batch], y[batch], p[batch]

    def lessons(images: Any, labels: Any, points: Any) -> tuple[Any, dict[str, Any]]:
        images, points = augmented(images, points, plan.side)
        hot = tf.one_hot(labels, classes) * (1 - plan.smoothing) + plan.smoothing / classes
        return images, {"logits": hot, "points": points, "heat": points}

    signature = (
        tf.TensorSpec((plan.batch, None, None, 3), tf.uint8),
        tf.TensorSpec((plan.batch,), tf.int64),
        tf.TensorSpec((plan.batch, COUNT, 2), tf.float32),
    )
    return tf.data.Dataset.from_generator(batches, output_signature=signature).map(lessons).prefetch(2)


@keras.saving.register_keras_serializable("rps")  # type: ignore[untyped-decorator]  # keras ships no types
def apart(known: Any, told: Any) -> Any:
    """The mean distance of points along each axis, of those images whose points are known."""
    there = ops.logical_not(ops.isnan(known))
    error = ops.where(there, ops.abs(ops.clip(ops.where(there, known, 0.5), 0, 1) - told), 0.0)
    return ops.mean(error, axis=(1, 2))


@keras.saving.register_keras_serializable("rps")  # type: ignore[untyped-decorator]  # keras ships no types
def misplaced(known: Any, heat: Any) -> Any:
    """The cross-entropy of heat [n, k, h, w] with a spot about each known point that is inside the image."""
    _, _, height, width = heat.shape
    there = ops.logical_not(ops.isnan(known)) & (known > 0) & (known < 1)
    inside = ops.cast(ops.all(there, axis=-1), "float32")
    place = ops.where(there, known, 0.5)
    x = (ops.arange(width, dtype="float32") + 0.5) / width - place[..., :1]
    y = (ops.arange(height, dtype="float32") + 0.5) / height - place[..., 1:]
    spot = ops.exp(-0.5 * (ops.square(x)[..., None, :] + ops.square(y)[..., None]) / SPOT**2)
    spot = spot / ops.sum(spot, axis=(2, 3), keepdims=True)
    return ops.mean(inside * -ops.sum(spot * ops.log(heat + 1e-6), axis=(2, 3)), axis=1)


def train(model: keras.Model, data: tf.data.Dataset, plan: Plan, callbacks: Sequence[Any] = ()) -> keras.Model:
    """Train with a rising and falling learning rate (one cycle) and averaged weights; returns the model."""
    steps = plan.epochs * plan.steps
    rate = keras.optimizers.schedules.CosineDecay(
        plan.rate / 20, steps - steps // 20, alpha=0.02, warmup_target=plan.rate, warmup_steps=steps // 20
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=2e-3, use_ema=True, ema_momentum=0.998, clipnorm=2.0)
    losses = {"logits": keras.losses.CategoricalCrossentropy(from_logits=True), "points": apart, "heat": misplaced}
    model.compile(optimizer, loss=losses, loss_weights=WEIGHTS, metrics={"logits": ["accuracy"]})
    model.fit(data, epochs=plan.epochs, steps_per_epoch=plan.steps, verbose=2, callbacks=list(callbacks))
    return model


def grown(model: keras.Model, classes: Sequence[Label], side: int) -> keras.Model:
    """The same weights for images of another side."""
    larger = build(classes, side=side)
    larger.set_weights(model.get_weights())
    return larger
