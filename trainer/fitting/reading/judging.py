"""What a net says of rounds whose evidence is kept, and how good that is."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from models.experts.bank import Floats32
from trainer.data.columns import Floats, Ints
from trainer.data.rows import Rows
from trainer.data.sequences import UNASKED
from trainer.fitting.calibration import softmax, temperature
from trainer.fitting.measures import log_losses
from trainer.fitting.reading.evidence import Taught
from trainer.fitting.reading.net import Net

AT_ONCE = 256
"""Rounds of which the voices are weighed together: 4 MB for each array of width 32, so that they stay in a cache."""
_PASSAGES = 32
"""Read side by side."""


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """The evidence on rows' rounds, the rows, and how much each counts."""

    taught: Taught
    rows: Rows
    weight: Floats32


def judged(net: Net, judge: Lesson) -> float:
    """The mean log-loss of these rounds."""
    rows, found = logits(net, judge.taught)
    return float(np.average(log_losses(softmax(found), judge.rows.target[rows]), weights=judge.weight[rows]))


def heat_of(net: Net, judge: Lesson) -> float:
    """What to divide the net's logits by, by these rounds."""
    rows, found = logits(net, judge.taught)
    return temperature(found, judge.rows.target[rows], judge.weight[rows])


@torch.no_grad()
def logits(net: Net, taught: Taught) -> tuple[Ints, Floats]:
    """(the rows that are asked about, the logits [n, 3] of each)."""
    net.eval()
    rows, found = [np.zeros(0, np.int64)], [np.zeros((0, 3))]
    for first in range(0, len(taught), _PASSAGES):
        chosen = np.arange(first, min(first + _PASSAGES, len(taught)))
        so_far, places = moods(net, taught, chosen), [asked(taught, at) for at in chosen.tolist()]
        game = np.repeat(np.arange(len(chosen)), [len(one) for one in places])
        for start in range(0, len(game), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            at = np.concatenate(places)[part]
            said = answers(net, taught, so_far, at, game[part], at - taught.starts[chosen[game[part]]])
            rows.append(taught.row[at])
            found.append(said.numpy().astype(np.float64))
    return np.concatenate(rows), np.concatenate(found)


def asked(taught: Taught, passage: int) -> Ints:
    """Where the rounds of the passage lie that have a row."""
    start, end = taught.starts[passage : passage + 2].tolist()
    return np.asarray(start + np.flatnonzero(taught.row[start:end] != UNASKED))


def moods(net: Net, taught: Taught, chosen: Ints) -> Tensor:
    """[passages, t, width]"""
    told = [taught.mood[taught.starts[at] : taught.starts[at + 1]] for at in chosen]
    return net.moods(pad_sequence(told, batch_first=True))[0]


def answers(net: Net, taught: Taught, so_far: Tensor, at: Ints, game: Ints, time: Ints) -> Tensor:
    """Logits of the rounds that lie at these places, each so long after its passage's beginning."""
    here = torch.from_numpy(at)
    logs, merits, frames = (column[here].float() for column in (taught.logs, taught.merits, taught.frames))
    return net(so_far[torch.from_numpy(game), torch.from_numpy(time)], logs, merits, frames)  # type: ignore[no-any-return]
