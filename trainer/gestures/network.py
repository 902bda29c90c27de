"""The image classifier: a small residual network that says what it sees, and where the hand's points are.

It maps RGB images [n, 150, 150, 3] of values 0 to 255 to `logits` of the classes, to `points` [n, 21, 2] in shares of
width and height, and to the `heat` that these are read from, which only training needs. Points are found as the means
of heat maps (integral regression: Sun et al., 2018) and are what the classes are judged by too: knowing where fingers
are is most of knowing what they show. It has learned them from drawn hands, of which they are known.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

SIDE = 150
COUNT = 21
STAGES = ((32, 1), (64, 1), (128, 2), (192, 1))
"""(channels, residual blocks) of each stage; each begins by halving the image."""
_FINE = 2
"""The stage whose map the points are read from, 10 x 10, beside the last one's."""


@keras.saving.register_keras_serializable("rps")
class Heat(layers.Layer):  # type: ignore[misc]  # keras ships no types
    """Maps [n, h, w, k] as the share [n, k, h, w] of each that lies in every cell."""

    def call(self, maps: Any) -> Any:
        _, height, width, count = maps.shape
        flat = ops.transpose(ops.reshape(ops.cast(maps, "float32"), (-1, height * width, count)), (0, 2, 1))
        return ops.reshape(ops.softmax(flat, axis=-1), (-1, count, height, width))


@keras.saving.register_keras_serializable("rps")
class Means(layers.Layer):  # type: ignore[misc]
    """Heat [n, k, h, w] to the mean place [n, k, 2] of each, x then y, in shares of the map."""

    def call(self, heat: Any) -> Any:
        _, _, height, width = heat.shape
        x = (ops.arange(width, dtype="float32") + 0.5) / width
        y = (ops.arange(height, dtype="float32") + 0.5) / height
        return ops.stack(
            [ops.sum(ops.sum(heat, axis=2) * x, axis=2), ops.sum(ops.sum(heat, axis=3) * y, axis=2)], axis=-1
        )


def build(classes: Sequence[str], seed: int = 0, side: int = SIDE) -> keras.Model:
    """The network, untrained."""
    keras.utils.set_random_seed(seed)
    image = keras.Input((side, side, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1)(image)
    x = _conv(x, 24, stride=2)
    maps = []
    for channels, blocks in STAGES:
        x = _conv(x, channels, stride=2)
        for _ in range(blocks):
            x = _block(x, channels)
        maps.append(x)
    heat = Heat(name="heat", dtype="float32")(layers.Conv2D(COUNT, 1)(_joined(maps)))
    points = Means(name="points", dtype="float32")(heat)
    pooled = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])
    pooled = layers.Dropout(0.2)(pooled)
    shape = layers.Dense(96, activation="relu")(layers.Flatten()(_about_middle(points)))
    together = layers.Concatenate()([layers.Dense(128, activation="relu")(pooled), shape])
    logits = layers.Dense(len(classes), name="logits", dtype="float32")(layers.Dropout(0.2)(together))
    return keras.Model(image, {"logits": logits, "points": points, "heat": heat})


def keep_weights(model: keras.Model, path: Path) -> None:
    """The weights alone, in half precision, for training to go on from."""
    arrays = {f"{place:03d}": np.asarray(weights, np.float16) for place, weights in enumerate(model.get_weights())}
    np.savez_compressed(path, allow_pickle=False, **arrays)


def with_weights(path: Path, classes: Sequence[str]) -> keras.Model:
    """The network whose weights were kept."""
    model = build(classes)
    with np.load(path, allow_pickle=False) as arrays:
        model.set_weights([np.asarray(arrays[name], np.float32) for name in sorted(arrays.files)])
    return model


def _conv(x: Any, channels: int, stride: int = 1) -> Any:
    x = layers.Conv2D(channels, 3, strides=stride, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization()(x))


def _block(x: Any, channels: int) -> Any:
    """A residual block (He et al., 2016)."""
    inside = layers.Conv2D(channels, 3, padding="same", use_bias=False)(_conv(x, channels))
    return layers.ReLU()(layers.Add()([x, layers.BatchNormalization()(inside)]))


def _joined(maps: Sequence[Any]) -> Any:
    """The finer map, with what the last one knows laid over it."""
    fine, last = maps[_FINE], maps[-1]
    wide = layers.UpSampling2D(2)(layers.Conv2D(64, 1)(last))
    return _conv(layers.Concatenate()([fine, wide]), 96)


def _about_middle(points: Any) -> Any:
    """Points about their middle, in units of the hand's size: where in the image it is does not matter."""
    return keras.layers.Lambda(_centred, name="shape", dtype="float32")(points)


@keras.saving.register_keras_serializable("rps")  # type: ignore[untyped-decorator]  # keras ships no types
def _centred(points: Any) -> Any:
    centred = points - ops.mean(points, axis=1, keepdims=True)
    size = ops.sqrt(ops.mean(ops.sum(ops.square(centred), axis=2, keepdims=True), axis=1, keepdims=True))
    return centred / (size + 1e-3)
