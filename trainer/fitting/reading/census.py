"""The prior of a bank: what people throw in each context, counted over all who are learned from.

A player who is learned from must not be foreseen by a prior that knows him: it would seem better than it is for
anybody else. So each one's own counts are kept beside the sum, and left out of the prior that his rounds are read with.
"""

from collections.abc import Iterator

import numpy as np

from models.experts.bank import Bank, Floats32
from models.experts.layout import CELLS
from trainer.data.columns import Floats, Ints
from trainer.data.rows import Rows
from trainer.data.sequences import UNASKED, Page, pages, passages
from trainer.fitting.reading.follow import GAMES, shared

_SMOOTHING = 3.0
"""Rounds of even throws that each context starts from."""
_EVEN = np.full((CELLS, 3), 1 / 3, np.float32)


class Census:
    """Counts by context and throw; those of each player are kept as (cells, counts), a third of what all would take."""

    def __init__(self, rows: Rows) -> None:
        """Each row counts by its weight."""
        self._total = np.zeros(CELLS * 3)
        self._own: dict[int, list[tuple[Ints, Floats32]]] = {}
        for page in pages(list(passages(rows, again=0)), GAMES):
            for row, thrown in _counted(page, rows.weight):
                there = np.flatnonzero(thrown)
                self._own.setdefault(int(rows.player[row]), []).append((there, thrown[there].astype(np.float32)))
        for parts in self._own.values():
            for cells, counts in parts:
                self._total[cells] += counts

    def prior(self, strength: float, without: int | None = None) -> Floats32:
        """[CELLS, 3] counts that sum to `strength` in each context, from all players but this one."""
        total = self._total.copy()
        for cells, counts in self._own.get(without, ()) if without is not None else ():
            total[cells] -= counts
        thrown = np.maximum(total, 0).reshape(CELLS, 3)
        shares = (thrown + _SMOOTHING / 3) / (thrown.sum(axis=1, keepdims=True) + _SMOOTHING)
        return np.asarray(strength * shares, np.float32)


def _counted(page: Page, weight: Floats32) -> Iterator[tuple[int, Floats]]:
    """(a row of it, the weighted counts [CELLS * 3]) of each game."""
    games, rounds = page.row.shape
    bank, game = Bank(shared(_EVEN, games), rounds), np.arange(games)[:, None]
    counts = np.zeros((games, CELLS * 3))
    for (player, bot, low, base, lead), row in zip(page.told.transpose(1, 2, 0), page.row.T, strict=True):
        bank.ahead(low, base, lead)
        context, thrown = bank.learn(player, bot)
        counts[game, 3 * context + thrown] += np.where(row == UNASKED, 0, weight[row])[:, None]
    yield from zip(page.row.max(axis=1).tolist(), counts, strict=True)
