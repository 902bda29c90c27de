"""Panels of values as they are now, by their labels: tables, and bars side by side."""

from grafana_foundation_sdk.builders import barchart, common, table
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from k8s.boards.panels import LETTERS, SOURCE, About, Query, Shown, asked


def grid(
    title: str, about: About, columns: dict[str, Query], units: dict[str, str] | None = None, width: int = 24
) -> Shown:
    """A table with a line for each set of labels; `columns` maps a column's name to its expression.

    All expressions keep the same labels, which are the first columns. `units` are those of the columns.
    """
    letters = dict(zip(LETTERS, columns, strict=False))
    hidden = dict.fromkeys(("Time", "job", "instance", "__name__"), True)
    renamed = _renamed(letters)
    panel = (
        table.Panel()
        .title(title)
        .description(str(about))
        .no_value(about.if_empty)
        .datasource(SOURCE)
        .span(width)
        .height(9)
        .show_header(True)
        .with_transformation(DataTransformerConfig("merge", options={}))
        .with_transformation(
            DataTransformerConfig(
                "organize", options={"excludeByName": hidden, "renameByName": renamed, "indexByName": {}}
            )
        )
    )
    for name, unit in (units or {}).items():
        panel.override_by_name(name, [DynamicConfigValue("unit", unit)])
    for letter, name in letters.items():
        panel.with_target(asked(letter, columns[name]).instant().format(PromQueryFormat.TABLE))
    return panel


def bars(title: str, about: About, unit: str, over: str, columns: dict[str, Query], width: int = 12) -> Shown:
    """Bars side by side for each value of the label `over`, the only one that the expressions keep."""
    letters = dict(zip(LETTERS, columns, strict=False))
    renamed = _renamed(letters)
    panel = (
        barchart.Panel()
        .title(title)
        .description(str(about))
        .no_value(about.if_empty)
        .unit(unit)
        .datasource(SOURCE)
        .span(width)
        .height(8)
        .x_field(over)
        .legend(
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .with_transformation(DataTransformerConfig("merge", options={}))
        .with_transformation(
            DataTransformerConfig("organize", options={"excludeByName": {"Time": True}, "renameByName": renamed})
        )
        .with_transformation(DataTransformerConfig("sortBy", options={"sort": [{"field": over}]}))
    )
    for letter, name in letters.items():
        panel.with_target(asked(letter, columns[name]).instant().format(PromQueryFormat.TABLE))
    return panel


def _renamed(letters: dict[str, str]) -> dict[str, str]:
    """Grafana calls the values of several queries by their letters, and those of a single one just so."""
    several = {f"Value #{letter}": name for letter, name in letters.items()}
    return several if len(letters) > 1 else {**several, "Value": next(iter(letters.values()))}
