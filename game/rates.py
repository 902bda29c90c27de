"""How sure a rate is that was counted."""

from math import sqrt

NORMAL_95 = 1.959963984540054
"""The normal distribution has 95 % of its mass within so many standard deviations."""


def wilson(part: float, whole: int, z: float = NORMAL_95) -> tuple[float, float]:
    """The 95 % score interval of the rate `part` of `whole`, at least 1 (Wilson, 1927).

    It takes trials for independent; with ties counted as halves it is a little wider than it need be.
    """
    share, weight = part / whole, z * z / whole
    middle, reach = share + weight / 2, z * sqrt(share * (1 - share) / whole + weight / (4 * whole))
    return max(0.0, (middle - reach) / (1 + weight)), min(1.0, (middle + reach) / (1 + weight))
