"""Which files are made from this package."""

from pathlib import Path

from k8s.boards import rules
from k8s.boards.drift import drift
from k8s.boards.game import game
from k8s.boards.lifecycle import lifecycle
from k8s.boards.models import models
from k8s.boards.resources import resources

K8S = Path(__file__).parent.parent
RULES = K8S / "prometheus" / "rules.yml"

_BOARDS = {"game": game, "models": models, "drift": drift, "lifecycle": lifecycle, "resources": resources}


def boards() -> dict[str, str]:
    """The dashboards' JSON by name."""
    return {name: make() for name, make in _BOARDS.items()}


def made() -> dict[Path, str]:
    """Every file and what it must hold; the same in every run."""
    return {**{K8S / "grafana" / f"{name}.json": text for name, text in boards().items()}, RULES: rules.text()}
