"""One look for the figures of all notebooks.

The colours are those of Okabe & Ito (2008), which people who see colours differently tell apart; a colour stands for
the same thing in every figure. Sizes keep a figure readable at the width of a page and light in the repository.
"""

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any, Final

import matplotlib
import numpy as np
from cycler import cycler
from IPython.display import Image as Shown
from IPython.display import display
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from PIL import Image

BLUE: Final = "#0072B2"
ORANGE: Final = "#E69F00"
GREEN: Final = "#009E73"
RED: Final = "#D55E00"
PURPLE: Final = "#CC79A7"
SKY: Final = "#56B4E9"
GREY: Final = "#6B7280"
PALE: Final = "#D1D5DB"
CYCLE: Final = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY)

MOVES: Final = {"rock": BLUE, "paper": ORANGE, "scissors": GREEN}
RANKS: Final = {"low": SKY, "mid": PURPLE, "high": RED}
FAMILIES: Final = {"brian": BLUE, "forrest": GREEN, "logan": ORANGE, "maxine": RED}
BASELINE: Final = GREY
"""What every model is held against."""
SEQUENTIAL: Final = "viridis"
"""For a surface from little to much."""
DIVERGING: Final = "PuOr"
"""For a surface around a middle, such as an even chance."""

WIDTH: Final = 8.0
"""Inches; 640 pixels at the resolution below."""
DPI: Final = 80


def use() -> None:
    """Make this the look of every figure that follows; to be called after matplotlib is imported."""
    matplotlib.rcParams.update(
        {
            "figure.figsize": (WIDTH, 3.6),
            "figure.dpi": DPI,
            "figure.constrained_layout.use": True,
            "savefig.dpi": DPI,
            "font.size": 10,
            "axes.titlesize": 11,
            "axes.titlelocation": "left",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.prop_cycle": cycler(color=CYCLE),
            "grid.color": "#E5E7EB",
            "legend.frameon": False,
            "lines.linewidth": 1.8,
            "image.cmap": SEQUENTIAL,
        }
    )


def panels(columns: int = 1, rows: int = 1, height: float = 3.2, **more: Any) -> tuple[Figure, list[Axes]]:
    """A figure as wide as the page and its panels, row by row; `height` is inches of one row."""
    figure, axes = pyplot.subplots(rows, columns, figsize=(WIDTH, height * rows), squeeze=False, **more)
    return figure, list(axes.flat)


def percent(axes: Axes, along: str = "y") -> None:
    """Show the shares on this axis, x or y, as percentages."""
    (axes.xaxis if along == "x" else axes.yaxis).set_major_formatter(
        FuncFormatter(lambda share, _: f"{100 * share:.4g} %")
    )


def ranges(
    axes: Axes, names: Sequence[str], means: Sequence[float], intervals: Iterable[tuple[float, float]],
    colours: Sequence[str] | str = BLUE,
) -> None:  # fmt: skip
    """A point with its interval for each name, the first on top."""
    shown = [colours] * len(names) if isinstance(colours, str) else colours
    for at, (mean, (low, high), colour) in enumerate(zip(means, intervals, shown, strict=True)):
        axes.plot([low, high], [at, at], color=colour, linewidth=2.5, solid_capstyle="round")
        axes.plot([mean], [at], "o", color=colour)
    axes.set_yticks(range(len(names)), list(names))
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(False, axis="y")


def reference(axes: Axes, at: float, label: str, along: str = "y") -> None:
    """A dashed line for what is compared with, at this height (y) or place (x)."""
    (axes.axhline if along == "y" else axes.axvline)(at, color=BASELINE, linestyle="--", linewidth=1.2, label=label)


def light(figure: Figure, colours: int = 64) -> None:
    """Show a figure of photos in so few colours that the notebook stays light."""
    figure.canvas.draw()
    drawn = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB")  # type: ignore[attr-defined]  # of Agg
    pyplot.close(figure)
    target = BytesIO()
    drawn.quantize(colours, dither=Image.Dither.NONE).save(target, "PNG", optimize=True)
    display(Shown(target.getvalue()))  # type: ignore[no-untyped-call]
