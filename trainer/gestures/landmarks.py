"""The points of the hands in photos, for the classifier of points to learn from."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PIL import Image as Pictures

from game.gestures import Label
from game.images import BadImage
from models.hands.hands import Hands as Networks
from models.hands.pictures import decoded
from models.hands.regions import Image
from trainer.cycle import Tell
from trainer.gestures.evaluate import Picture

REFERENCE = Path(__file__).parent / "reference_points.npz"
"""Points that are mixed in whenever new ones are learned: `points` [n, 21, 3] and `labels` [n]."""
PRESENT = 0.5
"""In a labelled photo there is a hand, so that it need not be beyond doubt that it was found."""
_MARGIN = 0.5


class Marked(Struct, frozen=True):
    """Points [n, 21, 3] in metres, their labels, and how many photos showed no hand that was found."""

    points: NDArray[np.float64]
    labels: Sequence[Label]
    missed: int = 0


def marked(photos: Sequence[Picture], networks: Networks, tell: Tell) -> Marked:
    """The hands in these photos."""
    points, labels = [], []
    for place, photo in enumerate(photos):
        tell("finding hands", place / len(photos))
        try:
            found = hand(decoded(photo.content()), networks)
        except (BadImage, OSError):
            continue
        if found is not None:
            points.append(found)
            labels.append(photo.label)
    return Marked(np.array(points).reshape(-1, 21, 3), labels, len(photos) - len(points))


def hand(image: Image, networks: Networks) -> NDArray[np.float64] | None:
    """The points [21, 3] of the hand in the image, looked for again with a border around; None where there is none."""
    picture = Pictures.fromarray(image)
    for margin in (0.0, _MARGIN):
        for marks in networks.found(picture, margin)[:1]:
            if marks.presence >= PRESENT:
                return np.asarray(marks.world, np.float64)
    return None


def reference(path: Path = REFERENCE) -> Marked:
    """Those that come with this program; none where they are not installed."""
    if not path.exists():
        return Marked(np.empty((0, 21, 3)), [])
    with np.load(path, allow_pickle=False) as kept:
        return Marked(np.asarray(kept["points"], np.float64), [Label(str(label)) for label in kept["labels"]])


def joined(parts: Iterable[Marked]) -> Marked:
    """All of them, one after the other."""
    kept = list(parts)
    return Marked(
        np.concatenate([one.points for one in kept]),
        [label for one in kept for label in one.labels],
        sum(one.missed for one in kept),
    )


def parted(marks: Marked, every: int) -> tuple[Marked, Marked]:
    """(what is left, one in `every`)."""
    chosen = np.arange(len(marks.labels)) % every == 0
    return tuple(  # type: ignore[return-value]
        Marked(marks.points[mask], [label for label, inside in zip(marks.labels, mask, strict=True) if inside])
        for mask in (~chosen, chosen)
    )
