"""The bank and the mixers as one predictor of the opponent's next throw."""

import numpy as np

from trainer.data.columns import Floats
from trainer.roshambo.bank import EXPERTS, Bank
from trainer.roshambo.mixers import FixedShare, LogLinear, Mixer, softmax

_SHARE = 0.01
_RATES = (0.001, 0.003, 0.01)
"""Slow ones are steady, fast ones follow an opponent who changes; none is best against all."""
_POWER = 6.0
"""Above 1 because most experts say next to nothing until they have seen their context."""
_KEPT = 0.99
"""What a mix's record keeps at each throw: the last hundred decide."""
_LEAST = 1e-9


def _mixers() -> tuple[Mixer, ...]:
    return LogLinear(EXPERTS, _RATES, _POWER), FixedShare(EXPERTS, _SHARE)


class Predictor:
    """Online: `expected` holds the probabilities of the next throw, from the throws learned so far alone."""

    expected: Floats

    def __init__(self) -> None:
        self._bank = Bank()
        self._mixers = _mixers()
        self._records = np.zeros(len(_RATES) + 1)
        self._expect()

    def learn(self, mine: int, theirs: int) -> None:
        """Learn one round's throws: the records, the mixers' weights and the bank, then expect the next."""
        self._records = _KEPT * self._records + np.log(self._mixed[:, theirs] + _LEAST)
        for mixer in self._mixers:
            mixer.learn(theirs)
        self._bank.learn(mine, theirs)
        self._expect()

    def _expect(self) -> None:
        self._mixed = np.vstack([mixer.mix(self._bank.said) for mixer in self._mixers])
        self.expected = softmax(self._records) @ self._mixed
