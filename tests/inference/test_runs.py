"""Totals of runs that outlive the models they are of."""

from collections.abc import Callable

from inference.model import Model
from inference.runs import MOST, Runs
from models.bundle import Bundle


def counts(runs: Runs) -> dict[tuple[str | bool, ...], float]:
    return dict(runs.counts())


def test_a_version_that_is_loaded_again_goes_on_from_where_it_was(
    onnx: Callable[..., bytes], bundle: Callable[..., Bundle]
) -> None:
    runs, first, other = Runs(), Model(bundle(onnx(1))), Model(bundle(onnx(2)))
    runs.serving([first, first])
    first.tally.add(4, 4, 2_000_000_000)
    first.tally.add(4, 3, 1_000_000_000)
    runs.serving([other])
    assert counts(runs)["brian", first.version, "ok"] == 1
    first.tally.add(1, 1, 0)  # an answer that was under way when the other took its place
    again = Model(bundle(onnx(1)))
    runs.serving([other, again])
    again.tally.add(1, 1, 500_000_000)
    assert counts(runs) == {
        ("brian", other.version, "ok"): 0,
        ("brian", other.version, "failed"): 0,
        ("brian", first.version, "ok"): 3,
        ("brian", first.version, "failed"): 1,
    }
    assert dict(runs.seconds()) == {("brian", other.version): 0, ("brian", first.version): 3.5}


class StandIn:
    """As much of a loaded model as is counted."""

    def __init__(self, number: int, model: Model) -> None:
        self.family, self.version, self.tally = "brian", f"brian-{number}", model.tally


def test_versions_that_served_longest_ago_are_forgotten(
    onnx: Callable[..., bytes], bundle: Callable[..., Bundle]
) -> None:
    runs, model = Runs(), Model(bundle(onnx(1)))
    for number in range(MOST + 3):
        runs.serving([StandIn(number, model)])  # type: ignore[list-item]
    runs.serving([StandIn(3, model)])  # type: ignore[list-item]
    runs.serving([StandIn(MOST + 3, model)])  # type: ignore[list-item]
    told = {version for _, version, _ in counts(runs)}
    assert told == {f"brian-{number}" for number in range(3, MOST + 4) if number != 4}


def test_all_that_serve_are_told_however_many(onnx: Callable[..., bytes], bundle: Callable[..., Bundle]) -> None:
    runs, model = Runs(), Model(bundle(onnx(1)))
    runs.serving([StandIn(number, model) for number in range(MOST + 20)])  # type: ignore[misc]
    assert len(counts(runs)) == 2 * (MOST + 20)
