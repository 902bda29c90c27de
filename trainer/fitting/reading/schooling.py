"""How a gate is taught: whole passages at a time, some rounds of each, until the judging rounds say: enough."""

import copy
from collections.abc import Iterator

import numpy as np
import torch
from msgspec import Struct
from torch.nn.utils import clip_grad_norm_

from trainer.data.columns import Floats, Ints
from trainer.fitting.differentiable import losses
from trainer.fitting.reading.evidence import Taught
from trainer.fitting.reading.judging import AT_ONCE, Lesson, answers, asked, judged, moods
from trainer.fitting.reading.net import Net

_OPENING, _OTHERS = 15, 65
"""Rounds learned from in one step of each passage: its first, of which there are few, and some drawn from the rest.
Those of one passage are much alike, and the recurrent layer has to read all of them anyway."""
_LOOKS = 12
"""How often the judging rounds are looked at..."""
_PATIENCE = 4
"""...and how many looks without a better one end it."""
_WARMING = 0.15
"""The share of the steps in which the rate rises."""
_LONGEST_STEP = 1.0
"""Of the gradient: a passage of surprises must not throw the recurrent layer off."""
_LEAST = 1e-9
"""A batch of nothing that counts teaches nothing."""


class Schooling(Struct, frozen=True):
    """`steps` of `batch` rounds each; the rate rises to `rate` and falls to nothing (one cycle)."""

    steps: int
    batch: int
    rate: float
    decay: float
    danger: float


def school(net: Net, lesson: Lesson, judge: Lesson | None, how: Schooling, seed: int) -> tuple[float, ...]:
    """Leave the net with the weights that did best on the judging rounds; the loss on them at each look."""
    random = np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(net.parameters(), lr=how.rate, weight_decay=how.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, how.rate, total_steps=how.steps + 1, pct_start=_WARMING)
    best, curve = copy.deepcopy(net.state_dict()), [float("inf")]
    every = -(-how.steps // _LOOKS)
    for step, chosen in zip(range(1, how.steps + 1), _batches(lesson.taught, how.batch, random), strict=False):
        net.train()
        optimiser.zero_grad()
        _differentiate(net, lesson, chosen, how.danger, random)
        clip_grad_norm_(net.parameters(), _LONGEST_STEP)
        optimiser.step()
        schedule.step()
        if judge is not None and (step % every == 0 or step == how.steps):
            curve.append(judged(net, judge))
            if curve[-1] < min(curve[:-1]):
                best = copy.deepcopy(net.state_dict())
            if len(curve) - 1 - int(np.argmin(curve)) > _PATIENCE:
                break
    if judge is not None:
        net.load_state_dict(best)
    net.eval()
    return tuple(curve[1:])


def _batches(taught: Taught, rounds: int, random: np.random.Generator) -> Iterator[Ints]:
    """Passages in ever new order, so many at a time that about so many of their rounds are learned from."""
    learned = sum(min(len(asked(taught, at)), _OPENING + _OTHERS) for at in range(len(taught)))
    while True:
        yield from np.array_split(random.permutation(len(taught)), max(1, round(learned / rounds)))


def _differentiate(net: Net, lesson: Lesson, chosen: Ints, danger: float, random: np.random.Generator) -> None:
    """Leave the gradient of the mean loss of some rounds of these passages in the net."""
    taught = lesson.taught
    places, factors = zip(*(_drawn(asked(taught, at), random) for at in chosen.tolist()), strict=True)
    at, game = np.concatenate(places), np.repeat(np.arange(len(chosen)), [len(one) for one in places])
    row, time = taught.row[at], at - taught.starts[chosen[game]]
    weight = (lesson.weight[row] * np.concatenate(factors)).astype(np.float32)
    weight /= max(float(weight.sum()), _LEAST)
    target = lesson.rows.target[row]
    so_far = moods(net, taught, chosen)
    apart = so_far.detach().requires_grad_()
    for start in range(0, len(at), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        said = answers(net, taught, apart, at[part], game[part], time[part])
        found = losses(said, torch.from_numpy(target[part]), danger)
        (found * torch.from_numpy(weight[part])).sum().backward()  # type: ignore[no-untyped-call]  # torch leaves it so
    so_far.backward(apart.grad)  # type: ignore[no-untyped-call]


def _drawn(places: Ints, random: np.random.Generator) -> tuple[Ints, Floats]:
    """(some of these, for how many each stands)."""
    rest = len(places) - _OPENING
    if rest <= _OTHERS:
        return places, np.ones(len(places))
    others = _OPENING + np.sort(random.choice(rest, _OTHERS, replace=False))
    drawn = places[np.concatenate([np.arange(_OPENING), others])]
    return drawn, np.repeat([1.0, rest / _OTHERS], [_OPENING, _OTHERS])
