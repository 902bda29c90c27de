"""How each voice has done so far, and what the last rounds were like: what a gate weighs the voices by."""

import numpy as np

from models.experts.bank import Bank, Floats32, Views
from models.experts.layout import COLUMN, UNKNOWN, Ints
from models.experts.specs import VOICES

DECAYS = (0.8, 0.95, 0.99)
_CAUTION = 2.0
"""Rounds without a merit that an average starts from."""
_BOUND = 2.0
"""Of a merit in nats: one surprise must not outweigh a session."""
MERITS = 3 * len(DECAYS) + 2
_TOLD = (("opp1", "own1"), ("own2", "own1"), ("opp2", "opp1"), ("opp2", "own2"), ("own3", "own2"), ("low", "own1"))
_BY_SIGN = ("streak", "rank1", "opprank1")
_VALUES, _ORIGINS = ([COLUMN[name] for name in names] for names in zip(*_TOLD, strict=True))
_SIGNS = [COLUMN[name] for name in _BY_SIGN]
SCENE = 4 * (len(_TOLD) + len(_BY_SIGN)) + 2
_EYE = np.eye(UNKNOWN + 1, dtype=np.float32)
_TURNS = np.arange(3)
_FADE = np.array(DECAYS, np.float32)[:, None]


class Standing:
    """The merits of the voices of g games.

    A merit is how much likelier than by chance a voice made what was thrown, in nats, averaged with a decay; told for
    the voice as it is and turned by one and two moves, because one who is always wrong the same way is a good guide.
    """

    def __init__(self, games: int) -> None:
        self._sums = np.zeros((games, VOICES, len(DECAYS), 3), np.float32)
        self._weights = np.zeros((len(DECAYS), 1), np.float32)

    def merits(self, views: Views) -> Floats32:
        """[g, VOICES, MERITS]: averages by decay and turn; how well the context is known; how firm the voice is."""
        averages = self._sums / (self._weights + np.float32(_CAUTION))
        known = np.log1p(views.counts)[..., None] / 2
        firm = views.logs.max(axis=2, keepdims=True)
        return np.concatenate([averages.reshape(*averages.shape[:2], -1), known, firm], axis=2)

    def learn(self, views: Views, player: Ints) -> None:
        """Count what was thrown against what was expected."""
        total = np.log(np.exp(views.logs).sum(axis=2, keepdims=True))
        turned = views.logs[np.arange(len(player))[:, None], :, (player[:, None] - _TURNS) % 3].transpose(0, 2, 1)
        merit = np.minimum(np.maximum(turned - total + np.float32(np.log(3)), -_BOUND), _BOUND)
        self._sums = self._sums * _FADE + merit[:, :, None]
        self._weights = self._weights * _FADE + 1


def scene(bank: Bank, lead: Ints) -> Floats32:
    """[g, SCENE]: how the last throws lie to each other, the values and the lead.

    Not how long the player is known: with that, gates learned the first rounds of the few they were taught on by heart.
    """
    lags = bank.lags
    value, origin = lags[:, _VALUES], lags[:, _ORIGINS]
    told = np.where((value == UNKNOWN) | (origin == UNKNOWN), UNKNOWN, (value - origin) % 3)
    signs = _EYE[np.concatenate([told, lags[:, _SIGNS]], axis=1)].reshape(len(lags), -1)
    stakes = [lags[:, [COLUMN["base"]]].astype(np.float32) / 4, (lead[:, None] / 50).astype(np.float32)]
    return np.concatenate([signs, *stakes], axis=1)
