"""The image classifier, its last layers tuned when there are new photos.

The layers that see stay as they are, those that judge learn: from the photos, each shown otherwise every time, and from
lessons made up beside them, so that nothing is forgotten. It begins with the network of what is in production, as Keras
keeps it: with every model that was published here, and with the one that comes with this program.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from msgspec import Struct
from numpy.typing import NDArray
from PIL import Image as Pictures

from game.assignment import Alias
from game.gestures import Label
from game.images import BadImage
from models.gesture_bundle import Family, GestureManifest
from models.hands.pictures import decoded
from models.places import SHIPPED_GESTURES
from models.store import first_table
from trainer.cycle import Tell
from trainer.gestures import corpus
from trainer.gestures.augment import augmented
from trainer.gestures.calibrate import temperature
from trainer.gestures.candidates import KEPT, Learned, Lesson
from trainer.gestures.evaluate import Picture
from trainer.gestures.export import LOGITS, exported, served
from trainer.gestures.network import COUNT, SIDE, with_weights
from trainer.gestures.pixels import CLASSES

log = logging.getLogger(__name__)

NETWORK = Path(__file__).parent / "pixels.npz"
"""The weights of the network that the shipped model was made of; its outputs are `pixels.CLASSES`."""
SEED = 0


class Plan(Struct, frozen=True):
    """How much is learned."""

    rehearsed: int = 150
    """Lessons made up beside the photos."""
    shown: int = 6
    """How often each photo is shown in an epoch."""
    epochs: int = 4
    batch: int = 32
    rate: float = 3e-4
    checked: int = 5
    """One image in so many tells how sure the model may be, and is not learned from."""


class Shown(Struct, frozen=True):
    """Images [n, side, side, 3] and the places [n] of their labels among the classes."""

    images: NDArray[np.uint8]
    places: NDArray[np.int64]

    def where(self, chosen: NDArray[np.bool_]) -> "Shown":
        return Shown(self.images[chosen], self.places[chosen])


def learn(lesson: Lesson, tell: Tell) -> Learned | None:
    """The classifier; None where the network of the one in production is not kept here."""
    card = lesson.production.pixels.manifest
    kept = _kept(lesson.networks, card)
    photos = None if kept is None else shown(lesson.photos, kept[1])
    if kept is None or photos is None:
        log.info("The network of %s is not kept here: the image classifier stays as it is.", card.version)
        return None
    network, classes = kept
    return tuned(network, photos, classes, card, tell, Plan())


def tuned(
    network: keras.Model, photos: Shown, classes: list[Label], card: GestureManifest, tell: Tell, plan: Plan
) -> Learned:
    """The network after it has seen the photos; `classes` are its outputs in order, `card` the one in production."""
    tell("making up lessons", 0.0)
    made = corpus.made(plan.rehearsed, classes, [], SIDE, np.random.default_rng(SEED))
    (taught, checked), (rehearsed, also_checked) = _parted(photos, plan), _parted(Shown(made.images, made.labels), plan)
    judges = Shown(*(np.concatenate(both) for both in zip(_fields(checked), _fields(also_checked), strict=True)))
    judge = keras.Model(network.input, network.output[LOGITS])
    before = _temperature(judge, judges)
    for layer in judge.layers:
        layer.trainable = isinstance(layer, keras.layers.Dense)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    judge.compile(keras.optimizers.AdamW(plan.rate, weight_decay=1e-3), loss=loss)
    epochs, teller = plan.epochs, _Teller(tell, plan.epochs)
    judge.fit(_batches(taught, rehearsed, plan), epochs=epochs, shuffle=False, verbose=0, callbacks=[teller])
    heat = _known(card) * _temperature(judge, judges) / before
    return Learned(
        Family.PIXELS,
        exported(served(network, heat)),
        classes,
        card.threshold,
        len(taught.images),
        {"temperature": round(heat, 4), "epochs": plan.epochs, "rehearsed": plan.rehearsed, "tuned": card.version},
        _bytes(network),
    )


def shown(photos: Sequence[Picture], classes: Sequence[Label]) -> Shown | None:
    """The photos as the classifier sees them, those that can be decoded; None if there are none."""
    images, places = [], []
    for photo in photos:
        try:
            picture = Pictures.fromarray(decoded(photo.content()))
        except (BadImage, OSError):
            continue
        images.append(np.asarray(picture.resize((SIDE, SIDE), Pictures.Resampling.BILINEAR, reducing_gap=2.0)))
        places.append(classes.index(photo.label))
    return Shown(np.array(images), np.array(places, np.int64)) if images else None


def _temperature(judge: keras.Model, judges: Shown) -> float:
    return temperature(np.asarray(judge.predict(judges.images.astype(np.float32), verbose=0)), judges.places)


def _known(card: GestureManifest) -> float:
    """The temperature of what is in production, found on more photos than there are here; tuning changes it somewhat.

    What it is by the few made-up lessons alone says less of photos: they are harder, and few.
    """
    found = card.configuration.get("temperature", 1.0)
    return float(found) if isinstance(found, int | float) and found > 0 else 1.0


def _kept(folder: Path, card: GestureManifest) -> tuple[keras.Model, list[Label]] | None:
    """The network to begin with, and its outputs in order."""
    own = folder / f"{card.version}{KEPT}"
    if own.is_file():
        return keras.saving.load_model(own, compile=False), list(card.classes)
    shipped = first_table(SHIPPED_GESTURES).aliases.get(Family.PIXELS, {}).get(Alias.PRODUCTION)
    if shipped is None or shipped.version != card.version or not NETWORK.is_file():
        return None
    return with_weights(NETWORK, CLASSES), list(CLASSES)


def _parted(all: Shown, plan: Plan) -> tuple[Shown, Shown]:
    checked = np.arange(len(all.places)) % plan.checked == plan.checked - 1
    return all.where(~checked), all.where(checked)


def _fields(one: Shown) -> tuple[Any, Any]:
    return one.images, one.places


def _batches(taught: Shown, rehearsed: Shown, plan: Plan) -> tf.data.Dataset:
    """An epoch: every photo several times and every made-up lesson once, in another order and otherwise each time."""

    def another(images: Any, places: Any) -> tuple[Any, Any]:
        return augmented(images, tf.zeros((tf.shape(images)[0], COUNT, 2)), SIDE)[0], places

    photos = tf.data.Dataset.from_tensor_slices(_fields(taught)).repeat(plan.shown)
    data = photos.concatenate(tf.data.Dataset.from_tensor_slices(_fields(rehearsed)))
    count = plan.shown * len(taught.places) + len(rehearsed.places)
    return data.shuffle(count, seed=SEED).batch(plan.batch).map(another).prefetch(2)


class _Teller(keras.callbacks.Callback):  # type: ignore[misc]  # keras ships no types
    """Tells how far it is after every epoch."""

    def __init__(self, tell: Tell, epochs: int) -> None:
        super().__init__()
        self._tell = tell
        self._epochs = epochs

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._tell("tuning the image classifier", (epoch + 1) / self._epochs)


def _bytes(network: keras.Model) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"network{KEPT}"
        network.save(path, include_optimizer=False)
        return path.read_bytes()
