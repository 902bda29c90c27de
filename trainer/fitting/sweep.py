"""Look for better numbers than a family's first configuration has: `python -m trainer sweep`.

Parameters are drawn by a tree-structured Parzen estimator (Bergstra et al., 2011), as Optuna has it. A trial is judged
by its log-loss on the validation players, who also stop its fit; the test players are never looked at, so that what is
found here can still be judged on them.
"""

from time import perf_counter
from typing import Any

import optuna
from msgspec import Struct, structs

from telemetry.progress import Tell, untold
from trainer.data.material import Material
from trainer.fitting.families import configurations, space
from trainer.fitting.measures import log_loss
from trainer.fitting.space import Choice, Space, Span, Whole


class Trial(Struct, frozen=True):
    """What was tried, the log-loss on the validation players, and how long the fit took."""

    parameters: dict[str, Any]
    validation_loss: float
    seconds: float


def sweep(family: str, material: Material, trials: int, seconds: float, seed: int, tell: Tell = untold) -> list[Trial]:
    """Up to `trials` trials, the best first; none is begun once `seconds` are over.

    The first is the family's first configuration as it is. The same seed tries the same.
    """
    base, ranges, began = configurations(family)[0], space(family), perf_counter()
    found: list[Trial] = []

    def judge(trial: optuna.Trial) -> float:
        parameters, started = _drawn(trial, ranges), perf_counter()
        fitted = structs.replace(base, **parameters).fit(material.train, material.validation, seed)  # type: ignore[type-var]  # every configuration is a Struct
        loss = log_loss(fitted.predict(material.validation), material.validation.target)
        found.append(Trial(parameters, loss, perf_counter() - started))
        share = max(len(found) / trials, min((perf_counter() - began) / seconds, 1.0))
        tell(f"{family} trial {len(found)}: validation log-loss {loss:.4f}, {_told(parameters)}", share)
        return loss

    optuna.logging.set_verbosity(optuna.logging.WARNING)  # a line for each trial is written above
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    study.enqueue_trial({name: _key(getattr(base, name), kind) for name, kind in ranges.items()})
    study.optimize(judge, n_trials=trials, timeout=seconds)
    return sorted(found, key=lambda trial: trial.validation_loss)


def lines(trials: list[Trial]) -> list[str]:
    """The trials for people, one line each."""
    return [f"{one.validation_loss:.4f}  {one.seconds:5.1f} s  {_told(one.parameters)}" for one in trials]


def _drawn(trial: optuna.Trial, ranges: Space) -> dict[str, Any]:
    return {name: _suggested(trial, name, kind) for name, kind in ranges.items()}


def _suggested(trial: optuna.Trial, name: str, kind: Span | Whole | Choice) -> Any:
    match kind:
        case Span():
            return trial.suggest_float(name, kind.low, kind.high, log=kind.log)
        case Whole():
            return trial.suggest_int(name, kind.low, kind.high, log=kind.log)
        case Choice():
            options = {_key(option, kind): option for option in kind.options}
            return options[trial.suggest_categorical(name, list(options))]


def _key(value: Any, kind: Span | Whole | Choice) -> Any:
    """The value as Optuna takes it: of a choice its text, because an option may be a tuple."""
    return repr(value) if isinstance(kind, Choice) else value


def _told(parameters: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in parameters.items()
    )
