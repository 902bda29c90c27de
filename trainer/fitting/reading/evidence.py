"""What a gate is taught from: the evidence on every round, gathered once and kept while it learns.

A round takes 3.8 kB in half precision, which is as exact as the evidence is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from models.experts.bank import Floats32
from models.experts.reading import Evidence
from models.experts.specs import VOICES
from models.experts.standing import MERITS, SCENE
from trainer.data.columns import Ints
from trainer.data.rows import Rows
from trainer.data.sequences import Page, Passage
from trainer.fitting.reading.follow import GAMES, read

MOOD = SCENE + 2 * MERITS
"""The scene, and of each merit the voices' mean and largest."""

Prior = Callable[[int], Floats32]
"""The prior [CELLS, 3] that the rounds of this player are read with."""


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """The evidence on n rounds of passages one after another; `row` is that of each round, or UNASKED."""

    logs: Tensor
    merits: Tensor
    frames: Tensor
    mood: Tensor
    row: Ints
    starts: Ints
    """Where each passage begins, and where the last ends."""

    def __len__(self) -> int:
        return len(self.starts) - 1


def gather(rows: Rows, found: list[Passage], prior: Prior) -> Taught:
    """The evidence on these passages of the rows, in their order."""
    starts = np.cumsum([0, *(len(one.row) for one in found)])
    size = int(starts[-1])
    kept = Taught(
        logs=torch.empty((size, VOICES, 3), dtype=torch.float16),
        merits=torch.empty((size, VOICES, MERITS), dtype=torch.float16),
        frames=torch.empty((size, 3, 3), dtype=torch.float16),
        mood=torch.empty((size, MOOD)),
        row=np.concatenate([one.row for one in found]),
        starts=starts,
    )
    order = iter(np.argsort([len(one.row) for one in found], kind="stable").tolist())
    while some := list(islice(order, GAMES)):
        page = Page.of([found[at] for at in some])
        priors = np.stack([prior(int(rows.player[found[at].row.max()])) for at in some])
        _keep(kept, page, priors, starts[some], np.diff(starts)[some])
    return kept


def _keep(kept: Taught, page: Page, priors: Floats32, starts: Ints, lengths: Ints) -> None:
    for step, evidence in enumerate(read(page, priors)):
        there = step < lengths
        at = torch.from_numpy(starts[there] + step)
        for name, told in (
            ("logs", evidence.logs),
            ("merits", evidence.merits),
            ("frames", evidence.frames),
            ("mood", mood(evidence)),
        ):
            column = getattr(kept, name)
            column[at] = torch.from_numpy(told[there]).to(column.dtype)


def mood(evidence: Evidence) -> Floats32:
    """[g, MOOD]: what a gate's memory is fed."""
    merits = evidence.merits
    return np.concatenate([evidence.scene, merits.mean(axis=1), merits.max(axis=1)], axis=1)
