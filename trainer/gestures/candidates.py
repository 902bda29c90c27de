"""A retraining from its photos to its decision: gather → learn → judge → publish or refuse.

What is learned, `Learner`s say, one for each family; what one returns is judged together with what serves of the other
family. Both pairs look at the same photos: the reference set and the held-out fifth of the new ones.
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from time import time

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from game.gestures import Label
from models.bundle import version_of
from models.files import replace_file
from models.gesture_bundle import (
    CONTRACTS,
    Family,
    GestureBundle,
    GestureManifest,
    GestureStore,
    GestureTraining,
    SourceScore,
)
from models.hands.hands import Hands
from models.prune import prune
from models.store import Pin
from trainer.cycle import Tell
from trainer.errors import NothingToLearn
from trainer.gestures import decisions, folders, gate
from trainer.gestures.evaluate import Eye, Picture, looked
from trainer.gestures.labelled import Gathered, Given, gather
from trainer.gestures.rates import Rates, Seen, rates
from trainer.gestures.served import Pair, pair
from trainer.lifecycle.ledger import Entry
from trainer.settings import Settings

log = logging.getLogger(__name__)

REFERENCE = Path(__file__).parents[2] / "models" / "hands" / "reference"
"""Photos that every candidate is judged on, whatever it learned from."""
KEPT = ".keras"
SPARE = 4
"""Further bundles that are kept."""
OWN = "photos of this installation"
_LEARNING, _JUDGING = 0.6, 0.95
"""Where in a whole retraining these end, as shares of its time."""


class Lesson(Struct, frozen=True):
    """What a learner learns from, and what it improves on."""

    photos: Sequence[Given]
    production: Pair
    hands: Hands | None
    networks: Path
    """Where what was published here lies as Keras keeps it, by its version."""


class Learned(Struct, frozen=True):
    """A model, not yet judged."""

    family: Family
    model: bytes
    classes: list[Label]
    threshold: float
    images: int
    configuration: dict[str, float | int | str | list[int]]
    network: bytes = b""
    """To go on from the next time, where that needs more than the model."""


Learner = Callable[[Lesson, Tell], Learned | None]
"""None where there is nothing that this family could learn from."""


class Outcome(Struct, frozen=True):
    """The ledger's entry, what was judged, on which photos, and what was seen in them by source.

    Of the photos it holds those that may be shown: a donated one is kept nowhere but where its player can delete it.
    """

    entry: Entry
    candidate: Pair
    judges: Sequence[Picture] = ()
    seen: Mapping[str, Sequence[Seen]] = {}


def retrain(settings: Settings, learners: Sequence[Learner], tell: Tell, reference: Path = REFERENCE) -> Outcome:
    """To its decision; raises NothingToLearn, Overtaken and what else keeps it from being made."""
    tell("gathering photos", 0.0)
    given = _gathered(settings)
    judges = _judges(given, reference)
    hands = Hands.load()
    with decisions.opened(settings) as (gestures, position):
        table = gestures.settle(position)
        production = pair(gestures.store, table=table)
        taught = [one for one in given.photos if not one.held_out]
        learned = _learned(Lesson(taught, production, hands, settings.networks), learners, tell)
        candidate = _with(production, learned)
        if candidate.versions == production.versions:
            counts = {"photos": len(given.photos)}
            return Outcome(decisions.refuse(gestures, position, "what was learned serves already", counts), candidate)
        middle = (_LEARNING + _JUDGING) / 2
        before = _looked(production.sight(hands), judges, _part(tell, _LEARNING, middle))
        after = _looked(candidate.sight(hands), judges, _part(tell, middle, _JUDGING))
        verdict = gate.judge(after, before)
        evidence = _evidence(given, candidate, verdict, before, after)
        if verdict.passed:
            tell("publishing", _JUDGING)
            made = _kept(gestures.store, candidate, {one.family for one in learned}, after)
            _keep_networks(settings.networks, learned)
            entry = decisions.publish(gestures, made, table.generation, position, verdict.reason, evidence)
            _clear(settings.networks, gestures.store)
        else:
            entry = decisions.refuse(gestures, position, verdict.reason, evidence)
        return Outcome(entry, candidate, [one for one in judges if not _donated(one)], after)


def _kept(
    store: GestureStore, candidate: Pair, families: Collection[Family], seen: Mapping[str, Sequence[Seen]]
) -> dict[str, Pin]:
    """The candidate's models of these families, in the store with their scores."""
    made = {}
    for bundle in (candidate.points, candidate.pixels):
        if bundle is not None and bundle.manifest.family in families:
            made[str(bundle.manifest.family)] = store.put(manifest_of(bundle, _all(seen)), bundle.model)
    return made


def _keep_networks(folder: Path, learned: Sequence[Learned]) -> None:
    for one in learned:
        if one.network:
            folder.mkdir(parents=True, exist_ok=True)
            replace_file(folder / f"{version_of(one.family, one.model)}{KEPT}", one.network)


def scores(seen: Mapping[str, Sequence[Seen]]) -> dict[str, SourceScore]:
    """For a manifest: of every source that has photos of moves."""
    return {name: _score(found) for name, group in seen.items() if (found := rates(group)).n}


def _clear(folder: Path, store: GestureStore) -> None:
    """Remove what neither serves nor served before; of bundles some of the newest are kept."""
    prune(store, time(), newest=SPARE)
    named = {pin.version for pins in store.table().aliases.values() for pin in pins.values()}
    for path in folder.glob(f"*{KEPT}"):
        if path.stem not in named:
            path.unlink()


def manifest_of(bundle: GestureBundle, seen: Sequence[Seen]) -> GestureManifest:
    """Its manifest with the scores of what was seen."""
    return replace(bundle.manifest, sources=scores(by_source(seen)), overall=_score(rates(seen)))


def by_source(seen: Sequence[Seen]) -> dict[str, list[Seen]]:
    ordered = sorted(seen, key=lambda one: one.source)
    return {name: list(group) for name, group in groupby(ordered, key=lambda one: one.source)}


def bundle(learned: Learned, licence: str, datasets: list[str]) -> GestureBundle:
    """The model as a bundle that has no scores yet and is in no store."""
    manifest = GestureManifest(
        family=learned.family,
        version=version_of(learned.family, learned.model),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        contract=CONTRACTS[learned.family],
        classes=learned.classes,
        threshold=learned.threshold,
        model_sha256=sha256(learned.model).hexdigest(),
        training=GestureTraining(datasets, learned.images, licence),
        sources={},
        overall=SourceScore(0, 0.0, 0.0, None),
        configuration=learned.configuration,
    )
    return GestureBundle(manifest, "", learned.model)


def _gathered(settings: Settings) -> Gathered:
    given = gather(settings)
    for text in given.left_out:
        log.warning("Left out: %s.", text.rstrip("."))
    if not given.photos:
        raise NothingToLearn(f"There are no photos in {settings.retrain_data} and no donations.")
    log.info("Learning from %d photos.", len(given.photos))
    return given


def _learned(lesson: Lesson, learners: Sequence[Learner], tell: Tell) -> list[Learned]:
    length = _LEARNING / max(1, len(learners))
    found = [learner(lesson, _part(tell, length * n, length * (n + 1))) for n, learner in enumerate(learners)]
    learned = [one for one in found if one is not None]
    if not learned:
        raise NothingToLearn("No hand is seen well enough in the photos to learn from them.")
    return learned


def _with(production: Pair, learned: Sequence[Learned]) -> Pair:
    """What serves, with what was learned in its place."""
    made = {}
    for one in learned:
        was = production.points if one.family is Family.POINTS else production.pixels
        datasets = [] if was is None else [name for name in was.manifest.training.datasets if name != OWN]
        licence = "" if was is None else was.manifest.training.licence
        made[one.family] = bundle(one, licence, [*datasets, OWN])
    return Pair(made.get(Family.POINTS, production.points), made.get(Family.PIXELS, production.pixels))


def _judges(given: Gathered, reference: Path) -> list[Picture]:
    """All photos that judge, source by source."""
    album = folders.read(reference)
    return [*album.photos, *(one for one in given.photos if one.held_out)]


def _donated(photo: Picture) -> bool:
    return isinstance(photo, Given) and photo.file is None


def _looked(eye: Eye, judges: Sequence[Picture], tell: Tell) -> dict[str, list[Seen]]:
    """What is seen by source; a file that cannot be decoded is told of and judges nobody."""
    seen, unread = looked(eye, judges, tell)
    for one in unread:
        log.warning("%s does not judge: %s", one.photo, one.reason)
    return by_source(seen)


def _evidence(
    given: Gathered,
    candidate: Pair,
    verdict: gate.Verdict,
    before: Mapping[str, Sequence[Seen]],
    after: Mapping[str, Sequence[Seen]],
) -> dict[str, object]:
    return {
        "photos": len(given.photos),
        "held_out": sum(one.held_out for one in given.photos),
        "left_out": len(given.left_out),
        "candidate": candidate.versions,
        "verdict": to_builtins(verdict),
        "sources": to_builtins({"Production": scores(before), "candidate": scores(after)}),
    }


def _score(found: Rates) -> SourceScore:
    return SourceScore(
        found.n, found.accuracy or 0.0, found.coverage or 0.0, found.accuracy_answered, found.accuracy_interval
    )


def _all(seen: Mapping[str, Sequence[Seen]]) -> list[Seen]:
    return [one for group in seen.values() for one in group]


def _part(tell: Tell, start: float, end: float) -> Tell:
    """Tells of a part of the whole."""
    return lambda what, share: tell(what, start + share * (end - start))
