"""Each lesson another way each time: mirrored, stretched, shifted, turned, lit otherwise, partly covered."""

from typing import Any

import tensorflow as tf

_STRETCH = (0.78, 1.28)
_SHIFT, _TURN = 0.1, 0.2
_COVERED = 0.35
"""The largest share of a side that is covered."""


def augmented(images: Any, points: Any, side: int) -> tuple[Any, Any]:
    """A batch of images [n, h, h, 3], values 0 to 255, as [n, side, side, 3]; points [n, 21, 2] in shares go along."""
    count = tf.shape(images)[0]
    forward, shift = _maps(count)
    back = tf.linalg.inv(forward)
    middle = tf.constant([0.5, 0.5])
    given = tf.cast(tf.shape(images)[1], tf.float32)
    offset = (middle - tf.linalg.matvec(back, middle + shift)) * given
    back *= given / side
    rows = tf.concat([back[:, 0], offset[:, :1], back[:, 1], offset[:, 1:], tf.zeros((count, 2))], axis=1)
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(images, tf.float32), transforms=rows, output_shape=tf.constant([side, side]), fill_value=0.0,
        interpolation="BILINEAR", fill_mode="REFLECT",
    )  # fmt: skip
    points = tf.einsum("nij,nkj->nki", forward, points - middle) + (middle + shift)[:, None]
    return tf.clip_by_value(_covered(_lit(moved, count), count, side), 0.0, 255.0), points


def _maps(count: Any) -> tuple[Any, Any]:
    """For each image a linear map about its middle [n, 2, 2], and a shift [n, 2]."""
    angle = tf.random.normal((count,), stddev=_TURN)
    stretch = tf.exp(tf.random.uniform((count, 2), tf.math.log(_STRETCH[0]), tf.math.log(_STRETCH[1])))
    mirror = tf.where(tf.random.uniform((count,)) < 0.5, -1.0, 1.0)
    x, y = stretch[:, 0] * mirror, stretch[:, 1]
    cos, sin = tf.cos(angle), tf.sin(angle)
    forward = tf.stack([tf.stack([cos * x, -sin * y], axis=1), tf.stack([sin * x, cos * y], axis=1)], axis=1)
    return forward, tf.random.uniform((count, 2), -_SHIFT, _SHIFT)


def _lit(images: Any, count: Any) -> Any:
    gain = tf.exp(tf.random.normal((count, 1, 1, 1), stddev=0.2) + tf.random.normal((count, 1, 1, 3), stddev=0.05))
    images = images * gain + tf.random.normal((count, 1, 1, 1), stddev=10.0)
    grey = tf.reduce_mean(images, axis=3, keepdims=True)
    images = tf.where(tf.random.uniform((count, 1, 1, 1)) < 0.12, grey, images)
    noise = tf.random.uniform((count, 1, 1, 1), -12.0, 8.0)
    return images + tf.nn.relu(noise) * tf.random.normal(tf.shape(images))


def _covered(images: Any, count: Any, side: int) -> Any:
    """Something of one colour before a part of every fourth."""
    extent = tf.random.uniform((count, 2), 0.05, _COVERED) * tf.cast(tf.random.uniform((count, 1)) < 0.25, tf.float32)
    start = tf.random.uniform((count, 2)) * (1 - extent)
    place = (tf.range(side, dtype=tf.float32) + 0.5) / side
    within = (place >= start[..., None]) & (place < (start + extent)[..., None])
    inside = within[:, 0, :, None] & within[:, 1, None, :]
    return tf.where(inside[..., None], tf.random.uniform((count, 1, 1, 3), 0.0, 255.0), images)
