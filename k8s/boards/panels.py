"""Panels as all dashboards have them: each says what it shows, what to do if that is bad, and what no data means."""

from collections.abc import Sequence
from typing import NamedTuple

from grafana_foundation_sdk.builders import barchart, common, stat, table, timeseries
from grafana_foundation_sdk.builders import prometheus as prom
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.common import (
    GraphTresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    Threshold,
    ThresholdsMode,
)

SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
"""Whichever Prometheus the reader has chosen, so that a dashboard can be imported anywhere."""


LETTERS = "ABCDEFGH"
"""What a panel calls its queries."""


class Query(NamedTuple):
    """An expression and the legend of its series, such as `{{reason}}`."""

    expr: str
    legend: str = ""


class About(NamedTuple):
    """What a panel says of itself."""

    shows: str
    if_bad: str
    if_empty: str

    def __str__(self) -> str:
        return f"{self.shows}\n\nIf it is bad: {self.if_bad}\n\nNo data: {self.if_empty}"


Line = tuple[float, str]
"""From this value on, this colour."""

Shown = timeseries.Panel | stat.Panel | table.Panel | barchart.Panel


def graph(
    title: str,
    about: About,
    unit: str,
    *queries: Query,
    lines: Sequence[Line] = (),
    stacked: bool = False,
    exemplars: bool = False,
    width: int = 8,
) -> Shown:
    """Values over time; `lines` are drawn across, and `exemplars` show the traces behind single measurements."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(str(about))
        .no_value(about.if_empty)
        .unit(unit)
        .datasource(SOURCE)
        .span(width)
        .height(8)
        .fill_opacity(30 if stacked else 8)
        .show_points(VisibilityMode.NEVER)
        .thresholds(_steps(lines))
        .legend(
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
    )
    if lines:
        panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(GraphTresholdsStyleMode.LINE))
    if stacked:
        panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL))
    for letter, query in zip(LETTERS, queries, strict=False):
        panel.with_target(asked(letter, query).range().exemplar(exemplars))
    return panel


def number(title: str, about: About, unit: str, expr: str, lines: Sequence[Line] = (), width: int = 4) -> Shown:
    """One value, as it is now."""
    return (
        stat.Panel()
        .title(title)
        .description(str(about))
        .no_value(about.if_empty)
        .unit(unit)
        .datasource(SOURCE)
        .span(width)
        .height(4)
        .thresholds(_steps(lines))
        .with_target(asked("A", Query(expr)).instant())
    )


def asked(letter: str, query: Query) -> prom.Dataquery:
    """The query of a panel by which it is called `letter`."""
    return prom.Dataquery().expr(query.expr).legend_format(query.legend).ref_id(letter).datasource(SOURCE)


def _steps(lines: Sequence[Line]) -> ThresholdsConfig:
    steps = [Threshold(None, "green"), *(Threshold(value, colour) for value, colour in lines)]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)
