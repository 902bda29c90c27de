"""What a person looks at after a training: PNG files of the answers, the sources, the confidence and the mistakes."""

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from game.gestures import Label
from game.images import BadImage
from game.moves import MOVES
from models.hands.pictures import decoded
from trainer.gestures.calibrate import bins, error
from trainer.gestures.evaluate import Picture
from trainer.gestures.rates import MOVE_LABELS, Seen, confusion, rates

_BLUE, _GREY = "#2563eb", "#9ca3af"
SHEET = 24
"""Mistakes on the sheet, the most confident ones."""
_COLUMNS = 6


def draw(seen: Mapping[str, Sequence[Seen]], judges: Iterable[Picture]) -> dict[str, bytes]:
    """File name -> PNG, of what was seen by source; `judges` are the photos themselves, those that may be shown."""
    shown = {one.name: one for one in judges}
    every = [one for group in seen.values() for one in group]
    pictures = {"confusion.png": _confusion(every), "sources.png": _sources(seen)}
    if every:
        pictures["reliability.png"] = _reliability(every)
    wrong = [one for one in every if not one.right and one.name in shown]
    if wrong:
        pictures["mistakes.png"] = _sheet(sorted(wrong, key=lambda one: -one.look.confidence)[:SHEET], shown)
    return pictures


def _confusion(every: Sequence[Seen]) -> bytes:
    shown = [label for label in Label if any(one.label is label for one in every)] or list(Label)
    table = np.array(confusion(every, shown))
    figure, axes = _figure()
    shares = table / np.maximum(1, table.sum(axis=1, keepdims=True))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(table):
        colour = "white" if shares[row, column] > 0.6 else "black"
        axes.text(
            column, row, f"{count}\n{shares[row, column]:.0%}", ha="center", va="center", color=colour, fontsize=8
        )
    axes.set_xticks(range(len(MOVES) + 1), [*map(str, MOVES), "unclear"])
    axes.set_yticks(range(len(shown)), [*map(str, shown)])
    axes.set(title="What was read in photos that did not teach", xlabel="read", ylabel="shown")
    return _png(figure)


def _sources(seen: Mapping[str, Sequence[Seen]]) -> bytes:
    found = {name: rates(group) for name, group in seen.items()}
    rows = [
        [name, str(one.n), *(f"{share:.3f}" if share is not None else "-" for share in shares)]
        for name, one in found.items()
        for shares in [(one.accuracy, one.coverage, one.accuracy_answered)]
    ]
    figure, axes = _figure(height=1 + 0.3 * max(1, len(rows)))
    axes.axis("off")
    axes.table(
        rows or [["-"] * 5], colLabels=["source", "photos", "accuracy", "answered", "right of these"], loc="center"
    )
    return _png(figure)


def _reliability(every: Sequence[Seen]) -> bytes:
    confidence = np.array([one.look.confidence for one in every])
    right = np.array([_named(one) for one in every])
    found = bins(confidence, right)
    most = max(one.count for one in found)
    figure, axes = _figure()
    axes.plot([0, 1], [0, 1], color=_GREY, linestyle="--", label="perfect")
    sizes = [20 + 80 * one.count / most for one in found]
    axes.scatter([one.expected for one in found], [one.came_true for one in found], s=sizes, color=_BLUE, label="read")
    axes.set(title=f"Reliability; expected calibration error {error(found):.3f}", xlim=(0, 1), ylim=(0, 1))
    axes.set(xlabel="confidence", ylabel="share that was right")
    axes.legend()
    return _png(figure)


def _named(one: Seen) -> bool:
    """Whether the likeliest label is right, clear or not; of photos that show no move, any label of none is."""
    return one.look.label is one.label or (one.label not in MOVE_LABELS and one.look.label not in MOVE_LABELS)


def _sheet(wrong: Sequence[Seen], photos: Mapping[str, Picture]) -> bytes:
    rows = -(-len(wrong) // _COLUMNS)
    figure = Figure(figsize=(1.8 * _COLUMNS, 2.1 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    for place, one in enumerate(wrong, start=1):
        axes = figure.add_subplot(rows, _COLUMNS, place)
        axes.axis("off")
        read = f"{one.look.label} {one.look.confidence:.2f}" if one.look.clear else f"unclear: {one.look.reason}"
        axes.set_title(f"{one.label} in {one.source}\n{read}", fontsize=6)
        try:
            axes.imshow(decoded(photos[one.name].content()))
        except (BadImage, OSError):
            axes.text(0.5, 0.5, "gone", ha="center")
    return _png(figure)


def _figure(height: float = 4.8) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6.4, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def _png(figure: Figure) -> bytes:
    target = BytesIO()
    figure.savefig(target, format="png", dpi=100)
    return target.getvalue()
