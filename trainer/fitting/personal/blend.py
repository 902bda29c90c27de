"""Gates and personal weights as one: the weighed mean of their logarithms, a product of experts.

The gates know what people have in common, and how to tell whom to believe; personal weights learn one player from few
rounds. They are wrong at different times.
"""

from collections.abc import Sequence

import numpy as np

from models.experts.bank import Floats32
from models.experts.reading import Evidence
from trainer.data.columns import Ints
from trainer.data.rows import Rows
from trainer.data.sequences import UNASKED
from trainer.fitting.calibration import softmax
from trainer.fitting.mixed_logit import Seen
from trainer.fitting.personal.cues import cues
from trainer.fitting.personal.filter import REMEMBERED, Prior
from trainer.fitting.reading.evidence import Taught
from trainer.fitting.reading.follow import Gate

PEOPLE = 500
"""Of whom a population is made, at most."""
_LEAST = np.finfo(np.float32).tiny
"""A gate's probability below this counts as this: the graph has logarithms alone, and none of nothing."""


def blend(gates: Sequence[Gate], widths: Sequence[int], prior: Prior, share: float) -> Gate:
    """All of them as one gate; `widths` says how much each gate remembers, `share` how much the personal part counts.

    It remembers what they do, one after another, the personal part last.
    """
    ends = np.cumsum(widths)

    def answer(evidence: Evidence, memory: Floats32) -> tuple[Floats32, Floats32]:
        *theirs, own = np.split(memory, ends, axis=1)
        said, kept = prior.answer(evidence, own)
        total = share * np.log(softmax(said))
        after = []
        for gate, before in zip(gates, theirs, strict=True):
            found, now = gate(evidence, before)
            total += (1 - share) / len(gates) * np.log(np.maximum(found, _LEAST).astype(np.float64))
            after.append(now)
        return softmax(total).astype(np.float32), np.concatenate([*after, kept], axis=1)

    return answer


def remembered(widths: Sequence[int]) -> int:
    return sum(widths) + REMEMBERED


def recorded(rows: Rows) -> Rows:
    """Those of real players, whose numbers are not below zero; all where there are none.

    Made-up ones teach the gates what values may do to a player, but they are no measure of what people are like: among
    real ones they cost personal weights .002 of log-loss on players never met.
    """
    real = rows.player >= 0
    return rows.where(real) if real.any() else rows


def people(taught: Taught, target: Ints, player: Ints, weight: Floats32) -> list[Seen]:
    """What each player's longest passage shows of what he follows; of those who count for something, `PEOPLE` at most.

    `target`, `player` and `weight` are the rows'. Scripted-looking sessions, which count for little, are no people.
    """
    longest: dict[int, Ints] = {}
    real = bool((player >= 0).any())
    for start, end in zip(taught.starts[:-1].tolist(), taught.starts[1:].tolist(), strict=True):
        at = start + np.flatnonzero(taught.row[start:end] != UNASKED)
        whose = int(player[taught.row[at[0]]]) if len(at) else -1
        if len(at) > len(longest.get(whose, ())) and (whose >= 0 or not real):
            longest[whose] = at
    counts = {whose: float(weight[taught.row[at]].mean()) for whose, at in longest.items()}
    usual = float(np.median(list(counts.values())))
    there = [at for whose, at in longest.items() if counts[whose] >= usual / 2][:PEOPLE]
    return [
        Seen(cues(taught.logs[at].float().numpy(), taught.frames[at].float().numpy()), target[taught.row[at]])
        for at in there
    ]
