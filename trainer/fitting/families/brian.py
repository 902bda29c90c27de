"""Brian: a feed-forward network (torch) on turned positions."""

import copy

import numpy as np
import torch
from msgspec import Struct
from msgspec.structs import replace
from torch import nn
from torch.nn.functional import cross_entropy

from trainer.data.columns import Features, Floats
from trainer.data.rows import Rows
from trainer.data.turning import WIDTH, turn, turn_back, turn_moves
from trainer.fitting import objective
from trainer.fitting.blocks import fill, moments
from trainer.fitting.calibration import softmax, temperature
from trainer.fitting.differentiable import losses
from trainer.fitting.families import THREADS, Fitted, admitted
from trainer.fitting.graph import Layer, dense, standardised
from trainer.fitting.space import Choice, Space, Span

MOST_ROWS = 300_000
"""Drawn where there are more. Validation log-loss falls from .8973 with 50,000 rows to .8902 with 100,000 and .8885
with 200,000; at this bound a fit takes some 25 s and 280 MB beside the rows it is given."""
_PATIENCE = 3
"""Epochs without a better validation before the fit stops."""
_STEPS = 24
"""Of an epoch at least, so that few rows are learned from in more than a handful of steps..."""
_LEAST_BATCH = 32
"""...as long as a batch has rows enough for its mean and spread to mean something."""


class Network(Struct, frozen=True):
    """Per hidden layer: linear, batch norm, ReLU, dropout. AdamW under a one-cycle rate (Smith & Topin, 2019).

    `danger` and `stakes` are those of `trainer.fitting.objective`; they bend what is learned, not how it is judged.
    """

    name: str
    widths: tuple[int, ...]
    dropout: float
    rate: float
    decay: float
    batch: int
    epochs: int
    danger: float = 0.0
    stakes: float = 0.0

    def fit(self, train: Rows, validation: Rows, seed: int) -> Fitted:
        torch.set_num_threads(THREADS)
        torch.manual_seed(seed)
        train, validation = admitted(train, validation, MOST_ROWS, seed)
        if len(train) == 1:
            train = Rows.join([train, train])  # batch norm needs two
        mean, scale = moments(turn, train.features)

        def standard(features: Features) -> torch.Tensor:
            filled = np.empty((len(features), WIDTH), np.float32)
            return torch.from_numpy(fill(filled, lambda block: (turn(block) - mean) / scale, features))

        def tensors(rows: Rows, weight: Features) -> "_Tensors":
            target = torch.from_numpy(turn_moves(rows.target, rows.features))
            return standard(rows.features), target, torch.from_numpy(weight / weight.mean())

        learned = tensors(train, objective.importance(train, self.stakes))
        judged = tensors(validation, validation.weight) if len(validation) else learned
        net = self._net()
        curve = self._learn(net, learned, judged)
        layers = _folded(net, mean, scale)

        def logits(features: Features) -> Floats:
            return fill(np.empty((len(features), 3)), lambda block: _logits(net, standard(block)), features)

        target = turn_moves(validation.target, validation.features)
        heat = temperature(logits(validation.features), target, validation.weight)
        weights, biases = layers[-1]

        def predict(rows: Rows) -> Floats:
            return turn_back(softmax(logits(rows.features) / heat), rows.features)

        model = dense([*layers[:-1], (weights / heat, biases / heat)])
        return Fitted(predict, model, curve if len(validation) else ())

    def _net(self) -> nn.Sequential:
        blocks: list[nn.Module] = []
        for before, width in zip((WIDTH, *self.widths), self.widths, strict=False):
            blocks += [nn.Linear(before, width), nn.BatchNorm1d(width), nn.ReLU(inplace=True), _Drop(self.dropout)]
        return nn.Sequential(*blocks, nn.Linear(self.widths[-1], 3))

    def _learn(self, net: nn.Sequential, train: "_Tensors", judge: "_Tensors") -> tuple[float, ...]:
        """Leave the net with the weights that did best on the judging rows; the loss on them after each epoch."""
        inputs, target, weight = train
        batches = max(1, len(target) // self.batch, min(_STEPS, len(target) // _LEAST_BATCH))
        optimiser = torch.optim.AdamW(net.parameters(), lr=self.rate, weight_decay=self.decay, fused=True)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, self.rate, total_steps=self.epochs * batches)
        best, curve = copy.deepcopy(net.state_dict()), [float("inf")]
        for _ in range(self.epochs):
            net.train()
            for rows in torch.tensor_split(torch.randperm(len(target)), batches):
                optimiser.zero_grad()
                loss = (losses(net(inputs[rows]), target[rows], self.danger) * weight[rows]).mean()
                loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it so
                optimiser.step()
                schedule.step()
            found = _loss(net.eval(), judge)
            if found < min(curve):
                best = copy.deepcopy(net.state_dict())
            curve.append(found)
            if len(curve) - 1 - int(np.argmin(curve)) > _PATIENCE:
                break
        net.load_state_dict(best)
        net.eval()
        return tuple(curve[1:])


class _Drop(nn.Module):
    """Dropout of a share rounded to 1/256: torch's own draws a number for each activation, a third of an epoch's time;
    here a number of 64 bits does for eight."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self._dropped = round(256 * share)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        if not self.training or not self._dropped:
            return values
        drawn = torch.empty(-(-values.numel() // 8), dtype=torch.int64).random_(-(2**63), None)
        kept = drawn.view(torch.uint8)[: values.numel()].view(values.shape) >= self._dropped
        return values * kept.float().mul_(256 / (256 - self._dropped))


_Tensors = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""Standardised inputs, turned moves, and weights that are 1 on average."""


@torch.no_grad()
def _logits(net: nn.Sequential, inputs: torch.Tensor) -> Floats:
    return np.asarray(net(inputs).numpy(), np.float64)


@torch.no_grad()
def _loss(net: nn.Sequential, judge: _Tensors) -> float:
    inputs, target, weight = judge
    return float((cross_entropy(net(inputs), target, reduction="none") * weight).mean())


def _folded(net: nn.Sequential, mean: Floats, scale: Floats) -> list[Layer]:
    """The network as linear layers alone: standardisation and batch norm change only their weights."""
    layers: list[Layer] = []
    for block in net:
        if isinstance(block, nn.Linear):
            layers.append((_array(block.weight).T, _array(block.bias)))
        elif isinstance(block, nn.BatchNorm1d):
            assert block.running_mean is not None and block.running_var is not None
            gain = _array(block.weight) / np.sqrt(_array(block.running_var) + block.eps)
            weights, biases = layers[-1]
            layers[-1] = weights * gain, (biases - _array(block.running_mean)) * gain + _array(block.bias)
    return [standardised(layers[0], mean, scale), *layers[1:]]


def _array(tensor: torch.Tensor) -> Floats:
    return np.asarray(tensor.detach().numpy(), np.float64)


# Tuned on validation players, whose log-loss stands behind each. The one-cycle rate ends low whatever the number of
# epochs, so that nine of them are enough if it peaks at .008: 10 s on 130,000 rows. (At .003 it took twenty.) Dropout
# from .1 to .2 and widths from 64 x 32 up do about as well.
_BASE = Network("two-layers", (128, 64), dropout=0.2, rate=8e-3, decay=1e-2, batch=1024, epochs=9)  # .8885

CONFIGURATIONS = (
    _BASE,
    # less sure of itself, for players unlike those seen (.8888)
    replace(_BASE, name="firm-dropout", dropout=0.3),
    # four times the weights; batches twice as large pay for them, and fewer epochs (.8886)
    replace(_BASE, name="wide", widths=(256, 128), batch=2048, epochs=8),
    # a quarter of the weights bears a quicker rate and needs less dropout; the quickest to serve (.8894)
    replace(_BASE, name="small", widths=(64, 32), dropout=0.1, rate=1e-2),
    # the largest that is affordable, for as many epochs as are (.8873)
    replace(_BASE, name="widest", widths=(512, 256), batch=2048, epochs=4),
    # habits of habits: one more layer, thin, so that dropout must leave it more (.8903)
    replace(_BASE, name="three-layers", widths=(128, 64, 32), dropout=0.1),
    # steadier steps, two more epochs of them in the same time (.8878)
    replace(_BASE, name="big-batches", batch=2048, epochs=11),
    # held back by the size of its weights more than by dropout (.8859)
    replace(_BASE, name="strong-decay", dropout=0.1, decay=0.1),
    # danger in three steps, up to where log-loss begins to pay for it (.8881, .8885, .8901)
    replace(_BASE, name="careful", danger=0.1),
    replace(_BASE, name="wary", danger=0.3),
    replace(_BASE, name="fearful", danger=0.6),
    # a round with four times the stake counts twice (.8883)
    replace(_BASE, name="decisive", stakes=0.5),
)

SPACE: Space = {
    "widths": Choice(((64, 32), (128, 64), (256, 128), (512, 256), (128, 64, 32))),
    "dropout": Span(0.0, 0.6),
    "rate": Span(5e-4, 2e-2, log=True),
    "decay": Span(1e-4, 1.0, log=True),
    "batch": Choice((512, 1024, 2048, 4096)),
}
"""Danger and stakes are not here: the log-loss that a sweep is judged by cannot speak for them."""
