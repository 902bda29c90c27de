"""All PromQL there is, so that it can be tried on a real Prometheus."""

import json

from k8s.boards import rules
from k8s.boards.files import boards
from k8s.boards.objectives import recordings

_CHOSEN = {"$__rate_interval": "1m", "$window": "5m", "$family": ".+", "$job": ".+", "$instance": ".+"}
"""What stands for a dashboard's variables."""


def expressions() -> list[tuple[str, str]]:
    """Where each stands, such as `game: Rounds failed, by reason: A`, and the expression without variables.

    An alert finds nothing while all is well, so each of them comes with a zero for that.
    """
    found = []
    for name, text in boards().items():
        for panel in json.loads(text)["panels"]:
            for target in panel.get("targets", []):
                found.append((f"{name}: {panel['title']}: {target['refId']}", _plain(target["expr"])))
    for one in recordings():
        found.append((" ".join(["rules:", one.record, *one.labels.values()]), one.expr))
    for alert in rules.alerts():
        which = " ".join([alert.name, alert.severity, *(value for _, value in alert.labels)])
        found.append((f"alerts: {which}", f"({alert.expr})\nor vector(0)"))
    return found


def _plain(expression: str) -> str:
    for variable, value in _CHOSEN.items():
        expression = expression.replace(variable, value)
    return expression
