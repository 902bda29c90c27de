"""What the shipped models are fitted on and judged by: laboratory players on three sides, and simulated play."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from models.bundle import Training
from trainer.data import humans
from trainer.data.baselines import predictions
from trainer.data.columns import Floats, Ints, Rounds
from trainer.data.habits import Habits
from trainer.data.rows import Rows
from trainer.data.simulated import simulate
from trainer.data.splits import apart, split

LICENCE = "CC0-1.0 (Brockbank & Vul) and simulated play"
UNLICENSED = "no stated licence: measure with these, do not ship them"

_SHARES = (0.15, 0.15)
"""Validation and test players."""
DRAWS = 3
"""Each career is played this often under newly drawn values: what it never depended on cannot be learned from it."""
SIMULATED = 0.2
"""Simulated rounds for each human one (a career's repeats not counted), played by as many players."""
SIMULATED_WEIGHT = 0.5
"""How much a simulated round counts beside a human one. With 1 Logan lost .003 of log-loss on people, so .001."""
_LONGEST = 150
"""Rounds of the longest simulated career; the mean is a little over half of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """Rows by side, the test rows' baselines, and what the manifest tells of the training side."""

    train: Rows
    validation: Rows
    test: Rows
    baselines: dict[str, Floats]
    training: Training


def gather(data: Path, only_cc0: bool, seed: int, simulated: float = SIMULATED) -> Material:
    """Read the laboratory files in `data` and set their players apart. The same seed, the same rows."""
    careers = humans.read(data, only_cc0)
    players = {name: index for index, name in enumerate(sorted({career.player for career in careers}))}
    owners = np.array([players[career.player] for career in careers])
    sides = split(list(players.values()), _SHARES, seed)

    def play(side: Ints, draw: int) -> Rounds:
        chosen = [index for index, owner in enumerate(owners) if owner in side]
        return humans.play([careers[index] for index in chosen], owners[chosen], _random(seed, draw))

    repeats = [Rows.of(play(sides.train, draw), 1 / DRAWS) for draw in range(DRAWS)]
    made_up = _made_up(round(simulated * len(repeats[0])), seed)
    validation, judged = Rows.of(play(sides.validation, DRAWS)), play(sides.test, DRAWS + 1)
    material = Material(
        train=Rows.join([*repeats, *made_up]),
        validation=validation,
        test=Rows.of(judged),
        baselines=predictions(judged),
        training=Training(
            datasets=sorted({career.dataset for career in careers}) + ["simulated"] * bool(made_up),
            rounds=len(repeats[0]) + sum(len(rows) for rows in made_up),
            players=len(sides.train) + sum(len(np.unique(rows.player)) for rows in made_up),
            licence=LICENCE if only_cc0 else UNLICENSED,
        ),
    )
    apart(material.train.player, material.validation.player, material.test.player)
    return material


def _random(seed: int, stream: int) -> np.random.Generator:
    return np.random.default_rng([seed, stream])


def _made_up(rounds: int, seed: int) -> list[Rows]:
    """Simulated rows, their players numbered below zero so that they are nobody else's."""
    players = round(2 * rounds / _LONGEST)
    if not players:
        return []
    random = _random(seed, 1000)
    rows = Rows.of(simulate(Habits(players, random), players, _LONGEST, random))
    return [replace(rows, player=-1 - rows.player, weight=rows.weight * np.float32(SIMULATED_WEIGHT))]
