"""What commands of the bench are given, read with a sentence for whatever is off."""

from argparse import ArgumentTypeError

from bench.crowd import Url


def address(text: str) -> Url:
    """The address of a server."""
    try:
        return Url.read(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error


def think(text: str) -> tuple[float, float]:
    """`SECONDS` or `SECONDS:SPREAD`: the median, and the standard deviation of its logarithm."""
    median, _, spread = text.partition(":")
    found = positive(median), _number(spread or "0.5")
    if found[1] < 0:
        raise ArgumentTypeError(f"the spread {spread} is below 0")
    return found


def share(text: str) -> float:
    found = _number(text)
    if not 0 <= found <= 1:
        raise ArgumentTypeError(f"{text} is not between 0 and 1")
    return found


def positive(text: str) -> float:
    found = _number(text)
    if not found > 0:
        raise ArgumentTypeError(f"{text} is not above 0")
    return found


def whole(text: str) -> int:
    """1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text} is not a number") from error
