"""Personal weights: what the filter learns of a player, and that the served graph does the same arithmetic."""

import numpy as np
import onnxruntime as ort
import pytest

from models.experts.bank import Floats32
from models.experts.reading import FRAME, LOGS, Evidence
from models.experts.specs import VOICES
from models.experts.standing import MERITS, SCENE
from trainer.data.columns import Ints
from trainer.fitting.calibration import softmax
from trainer.fitting.graph import Nodes
from trainer.fitting.personal.cues import FORESEEN, SAID, SIZE, cues
from trainer.fitting.personal.export import weighed
from trainer.fitting.personal.filter import REMEMBERED, Prior

GAMES, ROUNDS = 4, 300
EYE = np.eye(3, dtype=np.float32)


@pytest.fixture(scope="module")
def prior() -> Prior:
    random = np.random.default_rng(0)
    root = random.normal(size=(SIZE, SIZE)) / SIZE**0.5
    return Prior(random.normal(size=SIZE) * 0.3, root @ root.T * 0.3, 0.002)


def seen(random: np.random.Generator, own: Ints | None, games: int = GAMES) -> Evidence:
    """What voices might say after these own throws."""
    logs = random.normal(size=(games, VOICES, 3)).astype(np.float32)
    frames = np.zeros((games, 3, 3), np.float32)
    frames[:, 2] = EYE[random.integers(0, 3, games)]
    if own is not None:
        frames[:, 0], frames[:, 1] = EYE[own], EYE[random.integers(0, 3, games)]
    nothing = np.zeros((games, VOICES, MERITS), np.float32), np.zeros((games, SCENE), np.float32)
    return Evidence(logs - logs.mean(axis=2, keepdims=True), *nothing, frames)


def nobody(games: int = GAMES) -> Floats32:
    return np.zeros((games, REMEMBERED), np.float32)


def test_the_graph_is_the_filter(prior: Prior) -> None:
    nodes = Nodes()
    said, memory = weighed(nodes, prior, "memory")
    nodes.node("Identity", said, output="said")
    nodes.node("Identity", memory, output="next")
    inputs = {LOGS: ["n", VOICES, 3], FRAME: ["n", 3, 3], "memory": ["n", REMEMBERED]}
    session = ort.InferenceSession(nodes.serialised("personal", inputs, {"said": ["n", 3], "next": ["n", REMEMBERED]}))
    random, own, ours, theirs = np.random.default_rng(1), None, nobody(), nobody()
    for _ in range(ROUNDS):
        evidence = seen(random, own)
        expected, ours = prior.answer(evidence, ours)
        answer, theirs = session.run(None, {LOGS: evidence.logs, FRAME: evidence.frames, "memory": theirs})
        assert np.abs(softmax(answer) - softmax(expected)).max() < 1e-4
        own = np.array([random.choice(3, p=chances) for chances in softmax(expected)])


def test_a_player_is_found_out(prior: Prior) -> None:
    """Whose weights are far from the population's is foretold better for having been followed."""
    random, own, memory = np.random.default_rng(2), None, nobody()
    weights = random.multivariate_normal(prior.mean, prior.spread, GAMES)
    gains, best = [], []
    for _ in range(ROUNDS):
        evidence = seen(random, own)
        known, memory = prior.answer(evidence, memory)
        unknown, _ = prior.answer(evidence, nobody())
        told = cues(evidence.logs, evidence.frames)
        truth = softmax((told @ weights[:, :, None])[:, :, 0])
        own = np.array([random.choice(3, p=chances) for chances in truth])
        there = np.arange(GAMES), own
        gains.append((np.log(softmax(known)) - np.log(softmax(unknown)))[there].mean())
        best.append((np.log(truth) - np.log(softmax(unknown)))[there].mean())
    late = slice(ROUNDS // 2, None)
    assert 0.3 * np.mean(best[late]) < np.mean(gains[late]) < np.mean(best[late])


def test_games_do_not_touch_each_other(prior: Prior) -> None:
    random, own, both = np.random.default_rng(3), None, nobody()
    alone = both[:1]
    for _ in range(20):
        evidence = seen(random, own)
        first = Evidence(evidence.logs[:1], evidence.merits[:1], evidence.scene[:1], evidence.frames[:1])
        said, both = prior.answer(evidence, both)
        one, alone = prior.answer(first, alone)
        assert said[0] == pytest.approx(one[0])
        own = random.integers(0, 3, GAMES)


def test_cues_turn_with_the_moves() -> None:
    """What is said of rock in one game is said of paper in the same game turned by one: all but the tastes."""
    evidence = seen(np.random.default_rng(4), np.array([0, 1, 2, 0]))
    turned = cues(np.roll(evidence.logs, 1, axis=2), np.roll(evidence.frames, 1, axis=2))
    same = np.roll(cues(evidence.logs, evidence.frames), 1, axis=1)
    tastes = slice(len(SAID) + len(FORESEEN), len(SAID) + len(FORESEEN) + 2)
    keep = np.delete(np.arange(SIZE), tastes)
    assert np.allclose(turned[:, :, keep], same[:, :, keep])
    assert not np.allclose(turned, same)


def test_an_opponent_foreseen_speaks_for_what_beats_him() -> None:
    logs, frames = np.zeros((1, VOICES, 3), np.float32), np.zeros((1, 3, 3), np.float32)
    logs[0, FORESEEN[0]] = 2.0, -1.0, -1.0
    assert cues(logs, frames)[0, :, len(SAID)].argmax() == 1
