"""The classifier of points, learned anew when there are new photos.

It does not forget what it knew: the new hands are mixed with those that come with this program and with drawn ones. The
order of the classes is that of the model in production, whatever the folders are called or how they are sorted.
"""

import logging

import numpy as np

from models.gesture_bundle import Family, GestureBundle
from models.hands.points import normalised
from trainer.cycle import Tell
from trainer.gestures import points
from trainer.gestures.calibrate import softmax, temperature, threshold
from trainer.gestures.candidates import Learned, Lesson
from trainer.gestures.export import LOGITS, exported, served
from trainer.gestures.landmarks import Marked, joined, marked, parted, reference

log = logging.getLogger(__name__)

SHARES = {"new": 0.25, "reference": 0.35, "drawn": 0.4}
"""Of every batch; what there is none of leaves its share to the others."""
MANY = 100
"""New hands that earn their whole share: a handful that filled a quarter of every batch would be learned by heart."""
NOISE = 0.35
"""Points that a network has told are inexact already, so less is added than to drawn ones."""
CHECKED = 5
"""One hand in so many tells how sure the model may be, and is not learned from."""
SKELETONS, JUDGES = 1500, 100
"""Hands drawn of each label, to learn from and to be sure by."""
SEED = 0
_FINDING = 0.5
"""The share of the time that finding hands takes."""


def learn(lesson: Lesson, tell: Tell) -> Learned | None:
    """The classifier; None without the networks that find hands, or where they find none."""
    if lesson.hands is None:
        log.warning("The hand networks are not there: the classifier of points stays as it is.")
        return None
    found = marked(lesson.photos, lesson.hands, lambda what, share: tell(what, _FINDING * share))
    if found.missed:
        log.warning("In %d of %d photos no hand was found.", found.missed, len(lesson.photos))
    if not found.labels:
        return None
    rest = 1 - _FINDING
    return fitted(found, lesson.production.points, lambda share: tell("learning points", _FINDING + rest * share))


def fitted(found: Marked, production: GestureBundle | None, tell: points.Tell) -> Learned:
    """A classifier of these hands among others; its classes and threshold are those in production, if there are any."""
    classes = list(points.CLASSES) if production is None else list(production.manifest.classes)
    (new, checked), (known, also_checked) = parted(found, CHECKED), parted(reference(), CHECKED)
    drawn, also_drawn = _drawn(SKELETONS, SEED), _drawn(JUDGES, SEED + 1)
    kinds = [(SHARES["drawn"], drawn)]
    for name, part in (("new", new), ("reference", known)):
        if part.labels:
            share = SHARES[name] * min(1.0, len(part.labels) / MANY)
            kinds.append((share, points.Hands(part.points, part.labels, NOISE)))
    model = points.train(kinds, classes, SEED, tell)
    seen = points.disturbed(also_drawn.points, also_drawn.noise, np.random.default_rng(SEED))
    judges = joined([checked, also_checked, Marked(seen, also_drawn.labels)])
    places = np.array([classes.index(label) for label in judges.labels], int)
    logits = np.asarray(model.predict(normalised(judges.points), verbose=0)[LOGITS]).reshape(-1, len(classes))
    heat = temperature(logits, places)
    said = softmax(logits / heat)
    least = threshold(said.max(axis=1), said.argmax(axis=1) == places)
    return Learned(
        Family.POINTS,
        exported(served(model, heat)),
        classes,
        least if production is None else production.manifest.threshold,
        len(new.labels),
        {"temperature": round(heat, 4), "reference": len(known.labels), "drawn": len(drawn.labels), "seed": SEED},
    )


def _drawn(each: int, seed: int) -> points.Hands:
    return points.skeletons(each, np.random.default_rng(seed))
