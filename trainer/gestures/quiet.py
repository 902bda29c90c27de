"""TensorFlow and what comes with it, told to speak only of what is wrong; to be called before it is loaded."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


def quiet() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    for name in ("tensorflow", "tf2onnx", "absl"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=FutureWarning, module="keras")  # it looks for numpy's old names


@contextmanager
def hushed() -> Iterator[None]:
    """Nothing reaches standard error meanwhile: LiteRT tells there how it will compute, and cannot be told not to."""
    kept = os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nothing)
        os.close(kept)
