"""Panels that say how far the objectives are kept. They read what Prometheus records by `rules.yml`."""

from k8s.boards.objectives import STALE_S
from k8s.boards.panels import About, Query, Shown, graph
from k8s.boards.tables import grid

_EMPTY = "Prometheus has not loaded k8s/prometheus/rules.yml."
_FRESHNESS = (
    f" `freshness` stands here once a trainer has finished a cycle: its bad time is when the last one ended more than "
    f"{STALE_S // 3600} h ago though there is enough to learn from."
)


def kept() -> list[Shown]:
    """Compliance and budget of thirty days, and the burn rates in the windows that alerts look at."""
    return [
        grid(
            "Thirty days",
            About(
                "The share of good events, what is left of the budget of bad ones, and how fast it burns: 1 uses it up "
                "in thirty days." + _FRESHNESS,
                "a negative budget is a month in which the objective was missed: mend before adding anything.",
                _EMPTY,
            ),
            {
                "target": Query("1 - rps:objective_budget:ratio"),
                "kept": Query("1 - rps:objective_bad:ratio30d"),
                "budget left": Query("1 - rps:objective_bad:ratio30d / rps:objective_budget:ratio"),
                **{f"burn {window}": _burn(window) for window in ("5m", "1h", "6h", "1d", "3d")},
            },
            {"target": "percentunit", "kept": "percentunit", "budget left": "percentunit"},
        ),
        graph(
            "Budget left",
            About("What is left of thirty days' budget." + _FRESHNESS, "see which burn rate took it.", _EMPTY),
            "percentunit",
            Query("1 - rps:objective_bad:ratio30d / rps:objective_budget:ratio", "{{objective}}"),
            lines=[(0, "red")],
            width=12,
        ),
        graph(
            "Burn rate over an hour",
            About(
                "How fast the budget burns; 14.4 over an hour calls somebody.",
                "follow the runbook of RoundErrors, RoundsSlow, ResumesFail or ModelsStale.",
                _EMPTY,
            ),
            "none",
            Query(_burn("1h").expr, "{{objective}}"),
            lines=[(14.4, "red")],
            width=12,
        ),
    ]


def _burn(window: str) -> Query:
    return Query(f"rps:objective_bad:ratio{window} / rps:objective_budget:ratio")
