"""Notebooks to learn from, what they share, and how they are executed."""

from pathlib import Path

HERE = Path(__file__).parent
"""This folder, with the notebooks in it."""
DATA = HERE / "data"
"""The sample of recorded play; `README.md` says whose it is."""
