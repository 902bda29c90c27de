"""Both gesture models from a folder of photos, from the files to a store that can be served.

split → points → lessons → pixels → calibrate → export → judge → keep, each a function of plain values. What teaches
never judges: the figures in the manifests are the served pipeline's on photos that were held out.
"""

import logging
import shutil
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from time import time

import keras
import numpy as np
from msgspec import Struct

from game.assignment import Alias
from game.gestures import Label
from models.errors import BundleError
from models.gesture_bundle import Family, GestureBundle, GestureManifest, read
from models.hands.hands import Hands
from models.store import BUNDLES, TABLE, FolderStoreOf
from trainer.cycle import Tell
from trainer.errors import OutputError
from trainer.gestures import learn_points, pixels
from trainer.gestures.calibrate import softmax, temperature, threshold
from trainer.gestures.candidates import Learned, bundle, manifest_of
from trainer.gestures.evaluate import Report, looked, report
from trainer.gestures.export import LOGITS, exported, served
from trainer.gestures.folders import Album, Photo
from trainer.gestures.landmarks import marked
from trainer.gestures.learn_pixels import Shown, shown
from trainer.gestures.network import SIDE, build
from trainer.gestures.rates import Seen
from trainer.gestures.served import Pair
from trainer.gestures.shards import filled, smallest
from trainer.gestures.split import split

log = logging.getLogger(__name__)

NETWORK, WORK = "pixels.keras", "work"
SMALL, SHARE_SMALL = 96, 0.6
"""What there is to learn of shapes is learned on small images first, more than twice as fast."""
PATIENCE = 5
"""Epochs without a better one after which training ends."""


class Order(Struct, frozen=True):
    """What `fit` is to do."""

    out: Path
    hold_out: Sequence[str] = ()
    licence: str = ""
    epochs: int = 20
    drawn: int = 20000
    seed: int = 0
    force: bool = False


class Made(Struct, frozen=True):
    """What was made, how it did on what was held out, and how it got there."""

    pair: Pair
    report: Report
    seen: list[Seen]
    judges: list[Photo]
    curve: list[float]
    started: float


def fit(album: Album, order: Order, tell: Tell) -> Made:
    """A store in `order.out`; raises OutputError where something is there, and NothingToLearn."""
    started = time()
    if order.out.exists() and any(order.out.iterdir()) and not order.force:
        raise OutputError(f"{order.out} is not empty; --force replaces what is in it.")
    order.out.mkdir(parents=True, exist_ok=True)
    teaches, judges = split(album.photos, order.hold_out)
    hands = Hands.load()
    learned = [] if hands is None else [_points(teaches, hands, _part(tell, 0, 0.1))]
    if hands is None:
        log.warning("The hand networks are not there: only the image classifier is fitted.")
    network, curve = _network(teaches, judges, hands, order, _part(tell, 0.1, 0.9))
    learned.append(_pixels(network, judges, len(teaches), order))
    pair = _pair(learned, sorted({photo.source for photo in teaches}), order.licence)
    seen, unread = looked(pair.sight(hands), judges, _part(tell, 0.9, 1))
    found = report(seen, pair.versions, unread, album.left_out)
    _store(pair, seen, order.out)
    shutil.rmtree(order.out / WORK, ignore_errors=True)
    return Made(pair, found, seen, judges, curve, started)


def export(out: Path, tell: Tell) -> list[Path]:
    """SavedModel and ONNX of the network that `fit` kept, again; raises ExportError, BundleError."""
    tell("exporting", 0.0)
    network = keras.saving.load_model(out / NETWORK)
    heat = float(_manifest(out).configuration["temperature"])  # type: ignore[arg-type]  # a number, as `fit` wrote it
    exported(served(network, heat), out)
    return [out / "saved_model", out / "model.onnx"]


def _points(teaches: Sequence[Photo], hands: Hands, tell: Tell) -> Learned:
    found = marked([photo for photo in teaches if photo.label is not Label.NONE], hands, tell)
    log.info("Hands were found in %d photos and missed in %d.", len(found.labels), found.missed)
    return learn_points.fitted(found, None, lambda share: tell("learning points", share))


def _network(
    teaches: Sequence[Photo], judges: Sequence[Photo], hands: Hands | None, order: Order, tell: Tell
) -> tuple[keras.Model, list[float]]:
    """The trained network, kept in the folder, and the share of judges it read after each epoch."""
    classes = pixels.CLASSES
    shards = filled(order.out / WORK, teaches, hands, order.drawn, classes, order.seed, _part(tell, 0, 0.4))
    batch = min(pixels.Plan().batch, smallest(shards))
    steps = (len(teaches) + order.drawn) // batch
    first = pixels.Plan(SMALL, round(SHARE_SMALL * order.epochs), steps, batch, seed=order.seed)
    plan = pixels.Plan(
        SIDE, order.epochs - first.epochs, steps, batch, rate=pixels.Plan().rate / 2, seed=order.seed + 1
    )
    judge = _Judge(shown(judges, classes), order.out / NETWORK, plan.epochs, _part(tell, 0.4, 1))
    averaged = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    model = build(classes, order.seed, SMALL)
    with redirect_stdout(sys.stderr):  # the command's result alone belongs on stdout
        if first.epochs:
            pixels.train(model, pixels.stream(lambda: shards, first, len(classes)), first)
        model = pixels.grown(model, classes, SIDE)
        pixels.train(model, pixels.stream(lambda: shards, plan, len(classes)), plan, [averaged, judge])
    return keras.saving.load_model(order.out / NETWORK, compile=False), judge.curve


def _pixels(network: keras.Model, judges: Sequence[Photo], images: int, order: Order) -> Learned:
    """The network with the temperature and the threshold that the judges ask for."""
    held_out = shown(judges, pixels.CLASSES)
    places = np.zeros(0, np.int64) if held_out is None else held_out.places
    logits = np.zeros((0, len(pixels.CLASSES))) if held_out is None else _logits(network, held_out)
    heat = temperature(logits, places)
    said = softmax(logits / heat)
    least = threshold(said.max(axis=1), said.argmax(axis=1) == places)
    told: dict[str, float | int | str | list[int]] = {"drawn": order.drawn, "epochs": order.epochs, "seed": order.seed}
    onnx = exported(served(network, heat), order.out)
    return Learned(Family.PIXELS, onnx, list(pixels.CLASSES), least, images, {"temperature": heat, **told})


def _pair(learned: Sequence[Learned], sources: list[str], licence: str) -> Pair:
    made: dict[Family, GestureBundle] = {one.family: bundle(one, licence, sources) for one in learned}
    return Pair(made.get(Family.POINTS), made[Family.PIXELS])


def _store(pair: Pair, seen: Sequence[Seen], out: Path) -> None:
    """The pair in production of a store of its own, with its scores."""
    shutil.rmtree(out / BUNDLES, ignore_errors=True)
    (out / TABLE).unlink(missing_ok=True)
    store = FolderStoreOf(out, out, b"", read)
    made = [one for one in (pair.points, pair.pixels) if one is not None]
    pins = {str(one.manifest.family): store.put(manifest_of(one, seen), one.model) for one in made}
    store.swap(0, {family: {Alias.PRODUCTION: pin} for family, pin in pins.items()})


def _manifest(out: Path) -> GestureManifest:
    store = FolderStoreOf(out, out, b"", read)
    pins = store.table().aliases.get(Family.PIXELS, {})
    if Alias.PRODUCTION not in pins:
        raise BundleError(f"{out} is no store that `fit` has made.")
    return store.bundle(pins[Alias.PRODUCTION]).manifest


def _logits(network: keras.Model, photos: Shown) -> np.ndarray:
    return np.asarray(network.predict(photos.images.astype(np.float32), verbose=0)[LOGITS])


def _part(tell: Tell, start: float, end: float) -> Tell:
    return lambda what, share: tell(what, start + share * (end - start))


class _Judge(keras.callbacks.Callback):  # type: ignore[misc]  # keras ships no types
    """After each epoch: how many judges are read rightly, the best network kept, and an end where none gets better."""

    def __init__(self, judges: Shown | None, path: Path, epochs: int, tell: Tell) -> None:
        super().__init__()
        self._judges, self._path, self._epochs, self._tell = judges, path, epochs, tell
        self.curve: list[float] = []

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        right = 0.0
        if self._judges is not None:
            right = float((_logits(self.model, self._judges).argmax(axis=1) == self._judges.places).mean())
        if self._judges is None or right > max(self.curve, default=-1.0):
            self.model.save(self._path, include_optimizer=False)
        self.curve.append(right)
        best = int(np.argmax(self.curve))
        self._tell(f"epoch {epoch + 1}, {right:.3f} of the held-out photos", (epoch + 1) / self._epochs)
        if self._judges is not None and epoch - best >= PATIENCE:
            self.model.stop_training = True
