"""A retraining learns, is judged by the pipeline that serves, and publishes what is not worse or says why not."""

from hashlib import sha256
from pathlib import Path

import pytest
from support.database import made
from support.gestures import CLASSES
from support.photos import album, donate, photo
from support.pixels import pixels_model, put_pixels

from game.assignment import Alias
from game.gestures import Label
from game.moves import MOVES
from models.errors import BundleError
from models.gesture_bundle import Family, GestureStore
from models.hands.pictures import decoded
from models.places import gestures_at
from trainer.errors import NothingToLearn
from trainer.gestures import decisions
from trainer.gestures.candidates import Learned, Learner, Lesson, retrain
from trainer.gestures.labelled import HELD_OUT, SOURCE, keep
from trainer.gestures.plots import draw
from trainer.gestures.served import pair
from trainer.lifecycle.ledger import Kind
from trainer.settings import Settings

P, B = Alias.PRODUCTION, Alias.B
FEW = {Label.ROCK: 6, Label.PAPER: 6, Label.SCISSORS: 6, Label.NONE: 3}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made(tmp_path)
    settings = Settings(data_dir=str(tmp_path))
    for number in range(30):
        move = MOVES[number % 3]
        keep(settings.retrain_data, move, photo(Label(move), number))
    donate(tmp_path, [("rock", photo(Label.ROCK, 1000))])
    return settings


@pytest.fixture
def store(settings: Settings) -> GestureStore:
    """With a pair in production that reads the photos."""
    store = gestures_at(settings.store, settings.data_dir)
    store.swap(store.table().generation, {Family.PIXELS: {P: put_pixels(store)}})
    return store


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    return album(album(tmp_path / "reference", "hall", FEW), "lamp", FEW)


def learner(model: bytes, classes: list[Label] = CLASSES, network: bytes = b"") -> Learner:
    def learn(lesson: Lesson, tell: object) -> Learned:
        return Learned(Family.PIXELS, model, classes, 0.5, len(lesson.photos), {"epochs": 1}, network)

    return learn


def silent(text: str, share: float) -> None:
    """Nobody listens."""


def kinds(settings: Settings) -> list[Kind]:
    with decisions.opened(settings) as (gestures, _):
        return [one.kind for one in gestures.entries()]


def test_what_is_not_worse_takes_production_and_what_was_there_b(
    settings: Settings, store: GestureStore, reference: Path
) -> None:
    before = store.table()
    told: list[float] = []
    entry = retrain(settings, [learner(pixels_model(1))], lambda text, share: told.append(share), reference).entry
    table = store.table()
    assert entry.kind is Kind.PROMOTED and entry.reason.startswith("not worse on any source")
    assert table.generation == before.generation + 1
    assert table.aliases[Family.PIXELS][B] == before.aliases[Family.PIXELS][P]
    manifest = store.bundle(table.aliases[Family.PIXELS][P]).manifest
    assert set(manifest.sources) == {"hall", "lamp", SOURCE} and manifest.sources["hall"].n == 18
    assert manifest.sources["hall"].accuracy == 1.0 and manifest.overall.accuracy == 1.0
    assert manifest.training.datasets == ["made up", "photos of this installation"]
    held_out = entry.evidence["held_out"]
    assert manifest.training.images + held_out == 31 and manifest.sources[SOURCE].n == held_out > 0
    assert told == sorted(told) and told[-1] <= 1


def test_what_is_worse_is_refused_and_the_reason_is_on_record(
    settings: Settings, store: GestureStore, reference: Path
) -> None:
    before = store.table()
    turned = [CLASSES[1], CLASSES[0], *CLASSES[2:]]  # takes rock for paper
    entry = retrain(settings, [learner(pixels_model(1), turned)], silent, reference).entry
    assert entry.kind is Kind.REFUSED and "worse on" in entry.reason and "12 lost" in entry.reason
    assert store.table() == before and kinds(settings) == [Kind.ADOPTED, Kind.REFUSED]
    assert not entry.evidence["verdict"]["passed"]


def test_the_order_of_the_classes_is_the_manifests(settings: Settings, store: GestureStore, reference: Path) -> None:
    retrain(settings, [learner(pixels_model(1))], silent, reference)
    sight = pair(store).sight(None)
    for label in (Label.ROCK, Label.PAPER, Label.SCISSORS):
        look = sight.look(decoded(photo(label))).look
        assert look.clear and look.label is label
    assert not sight.look(decoded(photo(Label.NONE))).look.clear


def test_the_same_model_again_changes_nothing(settings: Settings, store: GestureStore, reference: Path) -> None:
    retrain(settings, [learner(pixels_model(1))], silent, reference)
    table = store.table()
    entry = retrain(settings, [learner(pixels_model(1))], silent, reference).entry
    assert entry.kind is Kind.REFUSED and "serves already" in entry.reason
    assert store.table() == table


def test_without_photos_or_without_anybody_who_learns_nothing_is_decided(
    settings: Settings, store: GestureStore, reference: Path, tmp_path: Path
) -> None:
    with pytest.raises(NothingToLearn, match="No hand"):
        retrain(settings, [lambda lesson, tell: None], silent, reference)
    empty = tmp_path / "empty"
    empty.mkdir()
    made(empty)
    with pytest.raises(NothingToLearn, match="no photos in"):
        retrain(Settings(data_dir=str(empty)), [learner(pixels_model(1))], silent, reference)
    assert kinds(settings) == [Kind.ADOPTED]


def test_a_model_that_is_not_what_it_says_is_not_judged(
    settings: Settings, store: GestureStore, reference: Path
) -> None:
    with pytest.raises(BundleError, match="no output probabilities for 3 classes"):
        retrain(settings, [learner(pixels_model(1), CLASSES[:3])], silent, reference)
    with pytest.raises(BundleError, match="cannot be loaded"):
        retrain(settings, [learner(b"no model")], silent, reference)


def test_networks_are_kept_of_what_serves_and_of_what_served_before(
    settings: Settings, store: GestureStore, reference: Path
) -> None:
    versions = []
    for seed in (1, 2, 3):
        retrain(settings, [learner(pixels_model(seed), network=b"network %d" % seed)], silent, reference)
        versions.append(store.table().aliases[Family.PIXELS][P].version)
    assert {path.name for path in settings.networks.iterdir()} == {f"{version}.keras" for version in versions[1:]}


def test_without_a_reference_nothing_is_learned(settings: Settings, store: GestureStore, tmp_path: Path) -> None:
    with pytest.raises(NothingToLearn, match="no folder"):
        retrain(settings, [learner(pixels_model(1))], silent, tmp_path / "away")


def test_a_donated_photo_judges_and_is_shown_nowhere(
    settings: Settings, store: GestureStore, reference: Path, tmp_path: Path
) -> None:
    photos = (photo(Label.PAPER, number) for number in range(2000, 3000))
    held_out = next(each for each in photos if int(sha256(each).hexdigest()[:8], 16) % HELD_OUT == 0)
    donate(tmp_path, [("scissors", held_out)])
    outcome = retrain(settings, [learner(pixels_model(1))], silent, reference)
    mistaken = [one.name for group in outcome.seen.values() for one in group if not one.right]
    assert mistaken == ["donation 2"]
    assert not any(one.name.startswith("donation") for one in outcome.judges)
    assert len(outcome.judges) > len(FEW)
    assert "mistakes.png" not in draw(outcome.seen, outcome.judges)
