"""The pictures of one fit, as PNG files: what a person looks at before the numbers."""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from math import isfinite

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from game.moves import MOVES
from trainer.registry.runs import Run

BARS = 20
"""Features in a picture of importance; those below are hardly told apart."""
FEW = 30
"""Points of a curve that are marked one by one."""
_BLUE, _GREY = "#2563eb", "#9ca3af"


def draw(run: Run) -> dict[str, bytes]:
    """File name -> PNG of what there is to see: confusion, calibration, learning curve, importance by two measures."""
    pictures: list[tuple[str, bool, Callable[[Axes, Run], None]]] = [
        ("confusion.png", bool(run.confusion), _confusion),
        ("calibration.png", bool(run.calibration), _calibration),
        ("learning_curve.png", bool(steps(run.curve)), _curve),
        ("importance_gain.png", bool(finite(run.gain)), _gain),
        ("importance_permutation.png", bool(finite(run.permutation)), _permutation),
    ]
    return {name: _png(run, paint) for name, there, paint in pictures if there}


def finite(numbers: Mapping[str, float | None]) -> dict[str, float]:
    """Those that can be drawn and compared."""
    return {name: number for name, number in numbers.items() if number is not None and isfinite(number)}


def steps(curve: Sequence[float | None]) -> dict[int, float]:
    """The points of a curve that can be drawn, by step from 1."""
    return {step: number for step, number in enumerate(curve, start=1) if number is not None and isfinite(number)}


def _png(run: Run, paint: Callable[[Axes, Run], None]) -> bytes:
    figure = Figure(figsize=(6.4, 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    paint(axes, run)
    figure.suptitle(run.name)
    target = BytesIO()
    figure.savefig(target, format="png", dpi=100)
    return target.getvalue()


def _confusion(axes: Axes, run: Run) -> None:
    totals = [max(1, sum(row)) for row in run.confusion]
    shares = [[count / total for count in row] for row, total in zip(run.confusion, totals, strict=True)]
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, counts in enumerate(run.confusion):
        for column, count in enumerate(counts):
            share = shares[row][column]
            colour = "white" if share > 0.6 else "black"
            axes.text(column, row, f"{count}\n{share:.0%}", ha="center", va="center", color=colour)
    axes.set_xticks(range(len(MOVES)), [str(move) for move in MOVES])
    axes.set_yticks(range(len(MOVES)), [str(move) for move in MOVES])
    axes.set(title="Confusion on the held-out rounds", xlabel="likeliest move", ylabel="move thrown")


def _calibration(axes: Axes, run: Run) -> None:
    most = max(one.count for one in run.calibration) or 1
    axes.plot([0, 1], [0, 1], color=_GREY, linestyle="--", label="perfect")
    axes.scatter(
        [one.expected for one in run.calibration],
        [one.came_true for one in run.calibration],
        s=[20 + 80 * one.count / most for one in run.calibration],
        color=_BLUE,
        label="model (area: rounds)",
    )
    axes.set(title="Calibration of the likeliest move", xlabel="probability given", ylabel="share that came true")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.legend()


def _curve(axes: Axes, run: Run) -> None:
    points = steps(run.curve)
    axes.plot(list(points), list(points.values()), color=_BLUE, marker="." if len(points) < FEW else "")
    axes.set(title="Learning curve", xlabel="epoch, or round of trees", ylabel="validation log-loss")


def _gain(axes: Axes, run: Run) -> None:
    _bars(axes, finite(run.gain))
    axes.set(title="Importance by gain", xlabel="what the model makes of the feature")


def _permutation(axes: Axes, run: Run) -> None:
    _bars(axes, finite(run.permutation))
    axes.set(title="Importance by permutation", xlabel="rise of the held-out log-loss when the feature is shuffled")


def _bars(axes: Axes, by_feature: Mapping[str, float]) -> None:
    largest = sorted(by_feature.items(), key=lambda item: abs(item[1]))[-BARS:]
    axes.barh([name for name, _ in largest], [number for _, number in largest], color=_BLUE)
    axes.tick_params(axis="y", labelsize=7)
