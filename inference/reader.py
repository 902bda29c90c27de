"""One loaded reader: a gate that weighs what the count experts say of a player, round by round (`models.experts`)."""

from typing import NamedTuple

import numpy as np

from game.moves import MOVES
from game.points import BASES
from inference.loaded import Floats, Loaded, shaped
from inference.model import distributions
from models.bundle import OUTPUT, Bundle
from models.experts.layout import CELLS
from models.experts.reading import FRAME, FRAMES, LOGS, MEMORY, MERITS, NEXT_MEMORY, PRIOR, SCENE, Evidence, Reading
from models.experts.specs import VOICES
from models.experts.standing import MERITS as MERITS_EACH
from models.experts.standing import SCENE as SCENE_SIZE
from models.runtime import FLOAT

MOST_REMEMBERED = 8192
"""Numbers that a gate may remember of a player: every player who is followed costs so many."""

_SHAPES = {
    LOGS: [VOICES, len(MOVES)],
    MERITS: [VOICES, MERITS_EACH],
    SCENE: [SCENE_SIZE],
    FRAME: [len(FRAMES), len(MOVES)],
}
"""Of a gate's inputs but its memory, for each row."""
_SAMPLE = (12, 6)
"""Games and rounds of a sample."""


class Said(NamedTuple):
    """What a gate said for n rows: probabilities [n, 3], and what it will remember [n, any]."""

    shares: Floats
    memory: Floats


class Reader(Loaded):
    """`prior` [CELLS, 3] is what the bank's counts begin from; `remembers` is how many numbers the gate keeps."""

    def __init__(self, bundle: Bundle) -> None:
        """Raises BundleError where the gate cannot be loaded or does not give probabilities for a sample."""
        super().__init__(bundle)
        self.remembers = self._checked_signature()
        self.prior = self._checked_prior()
        self._check_answers()

    def run(self, evidence: Evidence, memory: Floats) -> Said:
        """What the gate says for each row; NaN throughout where it fails."""
        inputs = {
            LOGS: evidence.logs,
            MERITS: evidence.merits,
            SCENE: evidence.scene,
            FRAME: evidence.frames,
            MEMORY: memory,
        }
        said, after = self._outputs([OUTPUT, NEXT_MEMORY], inputs)
        rows = len(memory)
        return Said(shaped(said, (rows, len(MOVES))), shaped(after, (rows, self.remembers)))

    def nothing_yet(self, games: int = 1) -> Floats:
        """The memory before the first round."""
        return np.zeros((games, self.remembers), np.float32)

    def _checked_signature(self) -> int:
        inputs = {node.name: node.shape[1:] for node in self._session.get_inputs() if node.type == FLOAT}
        memory = inputs.pop(MEMORY, [])
        if inputs != _SHAPES:
            raise self._fault(f"the gate's inputs are {inputs} beside {MEMORY}, not {_SHAPES}.")
        outputs = {node.name for node in self._session.get_outputs() if node.type == FLOAT}
        if missing := {OUTPUT, NEXT_MEMORY, PRIOR} - outputs:
            raise self._fault(f"the gate's outputs are {sorted(outputs)}, without {', '.join(sorted(missing))}.")
        match memory:
            case [int(width)] if 1 <= width <= MOST_REMEMBERED:
                return width
        raise self._fault(f"the gate's memory is {memory} for each row, not [1 to {MOST_REMEMBERED}].")

    def _checked_prior(self) -> Floats:
        nothing = {name: np.zeros((1, *shape), np.float32) for name, shape in _SHAPES.items()}
        (prior,) = self._outputs([PRIOR], {**nothing, MEMORY: self.nothing_yet()})
        prior = shaped(prior, (CELLS, len(MOVES)))
        if not (np.isfinite(prior).all() and (prior > 0).all()):
            raise self._fault(f"the gate's prior is not [{CELLS}, {len(MOVES)}] counts above zero.")
        return prior

    def _check_answers(self) -> None:
        """Also warms the session up, for one row and for many."""
        games, rounds = _SAMPLE
        random = np.random.default_rng(0)
        reading = Reading(np.broadcast_to(self.prior, (games, CELLS, len(MOVES))), rounds)
        memory = self.nothing_yet(games)
        for _ in range(rounds):
            low, lead = random.integers(0, 3, games), random.integers(-90, 90, games)
            evidence = reading.expect(low, random.integers(0, len(BASES), games), lead)
            together = self.run(evidence, memory)
            self._check_same(together, [self.run(alone(evidence, game), memory[[game]]) for game in range(games)])
            reading.learn(random.integers(0, 3, games), random.integers(0, 3, games))
            memory = together.memory

    def _check_same(self, together: Said, each: list[Said]) -> None:
        shares, memory = np.concatenate([one.shares for one in each]), np.concatenate([one.memory for one in each])
        _, sound = distributions([together.shares, shares])
        if not (sound.all() and np.isfinite(together.memory).all()):
            raise self._fault("the gate gives no probabilities or no memory for a sample.")
        if not (
            np.allclose(together.shares, shares, atol=1e-4)
            and np.allclose(together.memory, memory, rtol=1e-3, atol=1e-3)
        ):
            raise self._fault("the gate answers otherwise for rows in a batch than for each alone.")


def alone(evidence: Evidence, game: int) -> Evidence:
    """The evidence on one of the games."""
    one = slice(game, game + 1)
    return Evidence(evidence.logs[one], evidence.merits[one], evidence.scene[one], evidence.frames[one])
