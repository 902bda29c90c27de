"""The gate: what a candidate must show before players meet it. Each check is a number, its limit and a sentence.

Whether it is better is found out in play (`trainer.lifecycle.compare`); here it must not be shown to be worse than
what is in production, or than guessing where nothing is, must know how sure it may be, be small and quick, and answer
as the contract says.
"""

from itertools import chain, count, islice
from time import perf_counter_ns

import numpy as np
from msgspec import Struct

from game.moves import MOVES
from models.bundle import version_of
from trainer.data.columns import Floats, Ints
from trainer.data.habits import Habits
from trainer.data.rows import Rows
from trainer.data.simulated import simulate
from trainer.errors import ExportError, Unwanted
from trainer.fitting import served
from trainer.fitting.conformance import fault
from trainer.fitting.families import Fitted
from trainer.fitting.measures import Rate, calibration, difference, log_loss
from trainer.fitting.served import Served

MOST_MIB = 8.0
"""The sidecar holds all aliases of all families in memory, and loads a new one beside the old."""
MOST_MS = 1.0
"""Twenty times what the slowest shipped model takes: a round waits for four models one after another."""
CALIBRATION = 0.05
"""To this comes 1/sqrt(rows), about what chance alone makes of the error of a perfect model."""
_SINGLES, _WARM_UPS = 200, 50
_PLAYERS, _ROUNDS = 8, 32


class Check(Struct, frozen=True):
    """One thing that was looked at; `passed` where `value` is at most `limit`."""

    name: str
    value: float
    limit: float
    passed: bool
    said: str


class Verdict(Struct, frozen=True):
    """What the gate says of a candidate against the version in production, on how many held-out rounds."""

    family: str
    version: str
    production: str | None
    rounds: int
    passed: bool
    checks: list[Check]

    @property
    def reason(self) -> str:
        """What it failed by, or what was compared where it passed."""
        return " ".join(check.said for check in self.checks if not check.passed) or self.checks[-1].said


def judge(
    family: str,
    fitted: Fitted,
    production: tuple[str, Served] | None,
    held_out: Rows,
    seed: int,
    clusters: Ints | None = None,
) -> Verdict:
    """Every check of a fitted model; `production` is a version and its model. `clusters` are as in `measures.scores`.

    A model that does not answer as it must is judged no further.
    """
    checks = [_conformance(fitted, held_out), _size(fitted.model)]
    if checks[0].passed:
        model = Served(fitted.model, fitted.reads)
        said = model.predict(held_out)
        against = _guesses(len(held_out)) if production is None else production[1].predict(held_out)
        checks.append(_latency(model, held_out))
        apart = difference(said, against, held_out, seed, clusters)
        checks.append(_calibration(said, None if production is None else apart, held_out))
        rival = "by guessing, for nothing is in production yet," if production is None else "in production"
        checks.append(_log_loss(said, against, rival, apart, held_out))
    return Verdict(
        family=family,
        version=version_of(family, fitted.model),
        production=None if production is None else production[0],
        rounds=len(held_out),
        passed=all(check.passed for check in checks),
        checks=checks,
    )


def conforms(model: bytes, reads: str = "") -> None:
    """Raise Unwanted unless a model of unknown origin answers as it must, and is small and quick enough."""
    random = np.random.default_rng(0)
    sample = Rows.of(simulate(Habits(_PLAYERS, random), _PLAYERS, _ROUNDS, random, least=_ROUNDS))
    if (found := fault(model, reads, sample)) is not None:
        raise Unwanted(found)
    for check in (_size(model), _latency(Served(model, reads), sample)):
        if not check.passed:
            raise Unwanted(check.said)


def _conformance(fitted: Fitted, rows: Rows) -> Check:
    found = fault(fitted.model, fitted.reads, rows)
    if found is None:
        try:
            served.check(fitted, rows)
        except ExportError as error:
            found = str(error)
    return _check("conformance", float(found is not None), 0.0, found or "It answers as the contract says.")


def _size(model: bytes) -> Check:
    size = len(model) / 2**20
    return _check("size", size, MOST_MIB, f"It is {size:.2f} MiB large; {MOST_MIB:g} are allowed.")


def _latency(model: Served, rows: Rows) -> Check:
    """The median of single predictions, once the session has warmed up."""
    again = chain.from_iterable(model.singles(rows) for _ in count())
    times = []
    for predict in islice(again, _WARM_UPS + _SINGLES):
        began = perf_counter_ns()
        predict()
        times.append(perf_counter_ns() - began)
    took = float(np.median(times[_WARM_UPS:])) / 1e6
    return _check("latency", took, MOST_MS, f"A prediction takes it {took:.3f} ms; {MOST_MS:g} are allowed.")


def _calibration(ours: Floats, apart: Rate | None, rows: Rows) -> Check:
    """Where players have changed, all that was learned before is unsure, and who is shown to be better may be so too:
    log-loss counts sureness in."""
    error, _ = calibration(ours, rows)
    limit = CALIBRATION + len(rows) ** -0.5
    said = f"Its calibration error is {error:.3f}; {limit:.3f} are allowed"
    if error > limit and apart is not None and apart.interval[1] < 0:
        return _check("calibration", error, 1.0, f"{said}, but what serves is worse all in all.")
    return _check("calibration", error, limit, f"{said}.")


def _guesses(rows: int) -> Floats:
    return np.full((rows, len(MOVES)), 1 / len(MOVES))


def _log_loss(ours: Floats, theirs: Floats, rival: str, apart: Rate, rows: Rows) -> Check:
    """Passed unless it is shown to be worse: unless the whole interval of the difference lies above 0."""
    weight = rows.weight.astype(np.float64)
    said = f"Its log-loss on {len(rows)} newest rounds is {log_loss(ours, rows.target, weight):.4f}"
    low, high = apart.interval
    said += f", {rival} {log_loss(theirs, rows.target, weight):.4f}"
    return _check("log-loss", low, 0.0, f"{said}: {apart.mean:+.4f} (95 %: {low:+.4f} to {high:+.4f}).")


def _check(name: str, value: float, limit: float, said: str) -> Check:
    return Check(name, value, limit, value <= limit, said)
