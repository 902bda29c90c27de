"""A dashboard: rows of panels, the choice of a Prometheus, and the ways to the runbook and to the other dashboards."""

from collections.abc import Sequence
from itertools import count
from json import dumps

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    VariableModel,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from k8s.boards.panels import SOURCE, Shown

RUNBOOK = "docs/operations.md"
"""Where what to do is written, from the repository's root; `publish --runbook` puts an address in its place."""
TAG = "rps-quest"

Row = tuple[str, Sequence[Shown]]
Variable = Builder[VariableModel]


def board(uid: str, title: str, about: str, rows: Sequence[Row], variables: Sequence[Variable] = ()) -> str:
    """The dashboard as Grafana's JSON, the same text for the same content."""
    made = (
        dashboard.Dashboard(f"RPS Quest: {title}")
        .uid(uid)
        .description(about)
        .tags([TAG])
        .timezone("browser")
        .time("now-6h", "now")
        .refresh("30s")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .link(dashboard.DashboardLink("Runbook").type(DashboardLinkType.LINK).url(RUNBOOK).target_blank(True))
        .link(_others())
        .with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    )
    for variable in variables:
        made.with_variable(variable)
    numbers = count(1)
    for name, panels in rows:
        made.with_row(dashboard.Row(name).id(next(numbers)))
        for panel in panels:
            made.with_panel(panel.id(next(numbers)))
    return dumps(made.build(), cls=JSONEncoder, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def labels(name: str, metric: str) -> Variable:
    """A choice among the values that a label of a metric has; all at first."""
    return (
        dashboard.QueryVariable(name)
        .label(name)
        .datasource(SOURCE)
        .query({"query": f"label_values({metric}, {name})", "refId": name})
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".+")
        .current(VariableOption(selected=True, text="All", value="$__all"))
    )


def window(*lengths: str) -> Variable:
    """A choice of the time that each point of a graph looks back; the first length at first."""
    return (
        dashboard.CustomVariable("window")
        .label("looks back")
        .values(",".join(lengths))
        .current(VariableOption(selected=True, text=lengths[0], value=lengths[0]))
    )


def _others() -> dashboard.DashboardLink:
    return (
        dashboard.DashboardLink("RPS Quest")
        .type(DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(True)
        .keep_time(True)
        .include_vars(True)
    )
