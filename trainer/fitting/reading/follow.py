"""Players followed round by round with a gate: the one way in which a reader foresees rows, whoever computes the gate.

Nothing is said of a round but from what was read before it: `read` shows a round's throws to the bank only after it
has been asked what to expect.
"""

from collections.abc import Callable, Iterator

import numpy as np

from models.experts import standing
from models.experts.bank import Floats32
from models.experts.reading import FRAME, FRAMES, LOGS, MEMORY, MERITS, SCENE, Evidence, Reading
from models.experts.specs import VOICES
from trainer.data.columns import Floats, Rounds
from trainer.data.features import matrix
from trainer.data.rows import Rows
from trainer.data.sequences import UNASKED, Page, conditions, pages, passages

GAMES = 64
"""Passages read side by side: so many cost 41 us a round, four times as many no less."""

Gate = Callable[[Evidence, Floats32], tuple[Floats32, Floats32]]
"""(evidence on g games, what the gate remembers of each [g, m]) -> (probabilities [g, 3], what to remember now)."""
Shapes = dict[str, list[int | str]]


def shapes(memory: int) -> Shapes:
    """What a gate takes of each game that remembers so much of it."""
    return {
        LOGS: [VOICES, 3],
        MERITS: [VOICES, standing.MERITS],
        SCENE: [standing.SCENE],
        FRAME: [len(FRAMES), 3],
        MEMORY: [memory],
    }


def read(page: Page, prior: Floats32) -> Iterator[Evidence]:
    """The evidence on each round of the page, one after the other; `prior` [g, CELLS, 3]."""
    reading = Reading(prior, page.told.shape[1])
    for player, bot, low, base, lead in page.told.transpose(1, 2, 0):
        yield reading.expect(low, base, lead)
        reading.learn(player, bot)


def follow(rows: Rows, gate: Gate, prior: Floats32, memory: int) -> Floats:
    """P(next move) before each row, float64 [n, 3]; `prior` [CELLS, 3], `memory` is how much the gate remembers."""
    said = np.empty((len(rows), 3))
    for page in pages(list(passages(rows)), GAMES):
        remembered = np.zeros((len(page.row), memory), np.float32)
        for row, evidence in zip(page.row.T, read(page, shared(prior, len(page.row))), strict=True):
            probabilities, remembered = gate(evidence, remembered)
            asked = row != UNASKED
            said[row[asked]] = probabilities[asked]
    return said


def shared(prior: Floats32, games: int) -> Floats32:
    """The same prior for all games."""
    return np.broadcast_to(prior, (games, *prior.shape))


class Following:
    """A reader in the player's part of a simulation, kept in step with it: to be asked once for every round of it."""

    def __init__(self, gate: Gate, prior: Floats32, memory: int, games: int, rounds: int) -> None:
        self._gate = gate
        self._reading = Reading(shared(prior, games), rounds)
        self._memory = np.zeros((games, memory), np.float32)
        self._begun = False

    def __call__(self, position: Rounds) -> Floats:
        """P(next move) in the position of each game."""
        if self._begun:
            known = position.known
            self._reading.learn(known.player[:, -1].astype(np.int64), known.bot[:, -1].astype(np.int64))
        self._begun = True
        evidence = self._reading.expect(*conditions(matrix(position)))
        probabilities, self._memory = self._gate(evidence, self._memory)
        return probabilities.astype(np.float64)
