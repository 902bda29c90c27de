"""Brian: a feed-forward network (torch) on turned positions."""

import copy

import numpy as np
import torch
from msgspec import Struct
from torch import nn

from trainer.calibration import softmax, temperature
from trainer.columns import Features, Floats
from trainer.families import THREADS, Fitted
from trainer.graph import Layer, dense, standardised
from trainer.rows import Rows
from trainer.turning import WIDTH, turn, turn_back, turn_moves

_PATIENCE = 6
"""Epochs without a better validation before the fit stops."""


class Network(Struct, frozen=True):
    """Per hidden layer: linear, batch norm, ReLU, dropout. AdamW under a one-cycle rate (Smith & Topin, 2019)."""

    name: str
    widths: tuple[int, ...]
    dropout: float
    rate: float
    decay: float
    batch: int
    epochs: int

    def fit(self, train: Rows, validation: Rows, seed: int) -> Fitted:
        torch.set_num_threads(THREADS)
        torch.manual_seed(seed)
        inputs = turn(train.features)
        mean, scale = inputs.mean(axis=0, dtype=np.float64), _scale(inputs)
        net = self._net()
        judged = validation if len(validation) else train
        best = self._learn(net, _tensors(train, mean, scale), _tensors(judged, mean, scale))
        net.load_state_dict(best)
        layers = _folded(net.eval(), mean, scale)
        target = turn_moves(validation.target, validation.features)
        logits = _logits(net, _standard(validation.features, mean, scale))
        heat = temperature(logits, target, validation.weight)
        weights, biases = layers[-1]

        def predict(features: Features) -> Floats:
            return turn_back(softmax(_logits(net, _standard(features, mean, scale)) / heat), features)

        return Fitted(predict, dense([*layers[:-1], (weights / heat, biases / heat)]))

    def _net(self) -> nn.Sequential:
        blocks: list[nn.Module] = []
        for before, width in zip((WIDTH, *self.widths), self.widths, strict=False):
            blocks += [nn.Linear(before, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(self.dropout)]
        return nn.Sequential(*blocks, nn.Linear(self.widths[-1], 3))

    def _learn(self, net: nn.Sequential, train: "_Tensors", judge: "_Tensors") -> dict[str, torch.Tensor]:
        """The weights that did best on the judging rows."""
        inputs, target, weight = train
        batches = max(1, len(target) // self.batch)
        optimiser = torch.optim.AdamW(net.parameters(), lr=self.rate, weight_decay=self.decay)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, self.rate, total_steps=self.epochs * batches)
        best, least, waited = copy.deepcopy(net.state_dict()), float("inf"), 0
        for _ in range(self.epochs):
            net.train()
            for rows in torch.tensor_split(torch.randperm(len(target)), batches):
                optimiser.zero_grad()
                losses = nn.functional.cross_entropy(net(inputs[rows]), target[rows], reduction="none")
                ((losses * weight[rows]).sum() / weight[rows].sum()).backward()  # type: ignore[no-untyped-call]  # torch leaves it so
                optimiser.step()
                schedule.step()
            loss = _loss(net.eval(), judge)
            waited += 1
            if loss < least:
                best, least, waited = copy.deepcopy(net.state_dict()), loss, 0
            if waited > _PATIENCE:
                break
        return best


_Tensors = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def _scale(inputs: Features) -> Floats:
    spread = inputs.std(axis=0, dtype=np.float64)
    return np.where(spread > 1e-6, spread, 1.0)


def _standard(features: Features, mean: Floats, scale: Floats) -> torch.Tensor:
    return torch.from_numpy(((turn(features) - mean) / scale).astype(np.float32))


def _tensors(rows: Rows, mean: Floats, scale: Floats) -> _Tensors:
    target = torch.from_numpy(turn_moves(rows.target, rows.features))
    return _standard(rows.features, mean, scale), target, torch.from_numpy(rows.weight)


@torch.no_grad()
def _logits(net: nn.Sequential, inputs: torch.Tensor) -> Floats:
    return np.asarray(net(inputs).numpy(), np.float64)


@torch.no_grad()
def _loss(net: nn.Sequential, judge: _Tensors) -> float:
    inputs, target, weight = judge
    losses = nn.functional.cross_entropy(net(inputs), target, reduction="none")
    return float((losses * weight).sum() / weight.sum())


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


CONFIGURATIONS = (
    # Tuned on validation players, where all four lie between .8865 and .8912: width and depth matter little beyond
    # 64 x 32. The rate peaks at .003, where a batch of 1024 still learns steadily.
    Network("two-layers", (128, 64), dropout=0.2, rate=3e-3, decay=1e-2, batch=1024, epochs=20),
    # less sure of itself: more dropout (.8874)
    Network("firm-dropout", (128, 64), dropout=0.3, rate=3e-3, decay=1e-2, batch=1024, epochs=20),
    # wide layers need more dropout (.8895)
    Network("wide", (256, 128), dropout=0.4, rate=3e-3, decay=1e-2, batch=1024, epochs=20),
    # a quarter of the weights bears a quicker rate and less dropout (.8912)
    Network("small", (64, 32), dropout=0.1, rate=5e-3, decay=1e-2, batch=1024, epochs=20),
)
