"""The gate in torch: a small network that says how much to make of each voice, alike for all voices but for its place.

For each voice it takes how that voice has done, which one it is, and the mood: a recurrent layer over the player's
rounds. It gives three weights, for what the voice says and for the same turned by one and by two moves, since who is
always wrong the same way is a good guide. The weighted sum of logarithms is a product of experts (Hinton, 2002). To it
the recurrent layer adds an opinion of its own, told from the moves of `models.experts.reading.FRAMES`.
"""

import numpy as np
import torch
from torch import Tensor, nn

from models.experts.bank import Floats32
from models.experts.reading import FRAMES, Evidence
from models.experts.specs import VOICES
from models.experts.standing import MERITS
from trainer.fitting.calibration import softmax
from trainer.fitting.reading.evidence import MOOD, mood
from trainer.fitting.reading.follow import Gate

TURNED = np.eye(3)[(np.arange(3)[:, None] + np.arange(3)) % 3].reshape(9, 3)
"""Of three turns times three moves, the move that each comes to."""


class Net(nn.Module):
    """`memory` is the recurrent layer's width; without one, 0, the mood is this round's alone."""

    def __init__(self, hidden: int, memory: int, layers: int, dropout: float, silence: float) -> None:
        super().__init__()
        width = memory or hidden
        self.memory = max(memory, 1)  # a graph's input is not empty: without a recurrent layer this stays nothing
        self.recurrent = nn.GRU(MOOD, memory, batch_first=True) if memory else None
        self.plain = None if memory else nn.Linear(MOOD, width)
        self.voice = nn.Parameter(torch.randn(VOICES, hidden) * 0.1)
        self.merits, self.mood = nn.Linear(MERITS, hidden, bias=False), nn.Linear(width, hidden)
        self.inner = nn.ModuleList(nn.Linear(hidden, hidden) for _ in range(layers - 1))
        self.weights, self.opinion = nn.Linear(hidden, 3), nn.Linear(width, 3 * len(FRAMES))
        self.standing, self.bias = nn.Parameter(torch.zeros(VOICES, 3)), nn.Parameter(torch.zeros(3))
        self.drop, self._silence = nn.Dropout(dropout), silence
        self._turned: Tensor = torch.tensor(TURNED, dtype=torch.float32)
        for layer in (self.weights, self.opinion):  # at first every voice counts for nothing
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def moods(self, told: Tensor, before: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """([g, t, width] after each round, what to remember [g, memory]) of t rounds' [g, t, MOOD]."""
        if self.plain is not None:
            return torch.tanh(self.plain(told)), torch.zeros(len(told), self.memory)
        assert self.recurrent is not None
        found, last = self.recurrent(told, None if before is None else before[None])
        return found, last[0]

    def forward(self, moods: Tensor, logs: Tensor, merits: Tensor, frames: Tensor) -> Tensor:
        """Logits [n, 3] of n rounds."""
        moods = self.drop(moods)
        if self.training and self._silence:
            logs = logs * (torch.rand(len(logs), VOICES, 1) >= self._silence)
        told = torch.relu(self.merits(merits) + self.voice + self.mood(moods)[:, None])
        for layer in self.inner:
            told = torch.relu(layer(told))
        weights = (self.weights(told) + self.standing) / VOICES**0.5
        opinion = self.opinion(moods).view(-1, len(FRAMES), 3)
        said: Tensor = weights.transpose(1, 2) @ logs + frames.transpose(1, 2) @ opinion
        return said.reshape(-1, 9) @ self._turned + self.bias


def gate(net: Net, heat: float) -> Gate:
    """The network as it foresees, its logits divided by `heat`."""

    @torch.no_grad()
    def answer(evidence: Evidence, memory: Floats32) -> tuple[Floats32, Floats32]:
        told = torch.from_numpy(mood(evidence))[:, None]
        moods, after = net.moods(told, torch.from_numpy(memory))
        logs, merits, frames = map(torch.from_numpy, (evidence.logs, evidence.merits, evidence.frames))
        logits = net(moods[:, 0], logs, merits, frames).numpy().astype(np.float64)
        return softmax(logits / heat).astype(np.float32), after.numpy()

    return answer
