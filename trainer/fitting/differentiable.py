"""`trainer.fitting.objective` for torch to differentiate."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy


def losses(logits: Tensor, target: Tensor, danger: float) -> Tensor:
    """`objective.losses` of these logits."""
    found = cross_entropy(logits, target, reduction="none")
    if not danger:
        return found
    over = ((target + 1) % 3)[:, None]
    return found + danger * torch.softmax(logits, dim=1).gather(1, over)[:, 0]
