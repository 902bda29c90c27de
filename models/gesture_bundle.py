"""A gesture bundle: a model of what an image shows, its files and signature like those of any bundle (`models.bundle`).

Two families look together. `gesture-points` maps the 21 landmarks of a hand to probabilities of the labels that its
manifest names, in that order, `gesture-pixels` a whole image of 150 x 150 pixels. How an image becomes their input is
no part of a bundle: `models.hands` does it, and a bundle tells by its contract which preparation it learned with.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from game.gestures import Label
from game.moves import MOVES
from models.bundle import FORMAT, Interval, Version, model_in, told_in
from models.errors import BundleError
from models.store import StoreOf

KIND: Literal["gesture"] = "gesture"
THROWS = {Label(move) for move in MOVES}
Share = Annotated[float, Meta(ge=0, le=1)]


class Family(StrEnum):
    """What a gesture model looks at."""

    POINTS = "gesture-points"
    PIXELS = "gesture-pixels"


CONTRACTS: dict[Family, str] = {Family.POINTS: "points-1", Family.PIXELS: "pixels-1"}
"""How this system prepares an image for each family; a change of the preparation is another contract."""


class SourceScore(Struct, frozen=True):
    """How the pipeline did on `n` photos of rock, paper and scissors from one source.

    `accuracy` counts what was not answered as wrong; `coverage` is the share that was answered, `accuracy_answered` the
    share of these that was right, None where none was. Intervals are of 95 %.
    """

    n: int
    accuracy: Share
    coverage: Share
    accuracy_answered: Share | None
    accuracy_interval: Interval | None = None


class GestureTraining(Struct, frozen=True):
    """What the model learned from, and under which licence these images stand."""

    datasets: list[str]
    images: int
    licence: str


class GestureManifest(Struct, frozen=True, kw_only=True):
    """`classes` are the model's outputs in order; below `threshold` its likeliest label is no answer. `sources` are
    scores on sources that it did not learn from, by name, and `overall` on all of them together.
    """

    format: int = FORMAT
    kind: Literal["gesture"] = KIND
    family: Family
    version: Version
    created: str
    contract: str
    classes: list[Label]
    threshold: Share
    model_sha256: str
    training: GestureTraining
    sources: dict[str, SourceScore]
    overall: SourceScore
    configuration: dict[str, float | int | str | list[int]]


class GestureBundle(Struct, frozen=True):
    """A gesture bundle that was read and found whole."""

    manifest: GestureManifest
    digest: str
    model: bytes


GestureStore: TypeAlias = StoreOf[GestureBundle]


def read(folder: Path, digest: str | None = None, key: bytes = b"") -> GestureBundle:
    """The gesture bundle in `folder`, verified as `models.bundle.read` does; raises BundleError in one clear line."""
    manifest, found = told_in(folder, GestureManifest, digest, key)
    if manifest.format != FORMAT:
        raise BundleError(f"Bundle {folder.name}: format {manifest.format} is not {FORMAT}.")
    contract = CONTRACTS[manifest.family]
    if manifest.contract != contract:
        raise BundleError(
            f"Bundle {folder.name}: trained on images prepared as {manifest.contract[:40]!r}, "
            f"this system prepares them as {contract!r}."
        )
    if len(set(manifest.classes)) < len(manifest.classes) or not set(manifest.classes) >= THROWS:
        raise BundleError(
            f"Bundle {folder.name}: its classes {', '.join(manifest.classes) or '(none)'} "
            "are not all three moves and each label once."
        )
    return GestureBundle(manifest, found, model_in(folder, manifest.model_sha256))
