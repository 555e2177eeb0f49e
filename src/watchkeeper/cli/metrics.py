"""`watchkeeper metrics`: what can be measured, from the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from watchkeeper.cli.output import print_json
from watchkeeper.cli.settings import settings_of

if TYPE_CHECKING:
    from watchkeeper.metrics.base import Metric


def metrics(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Show the card of one.")
    ] = None,
) -> None:
    """List every metric, or show the card of one.

    Example: watchkeeper metrics psi
    """
    from watchkeeper.metrics import ALL
    from watchkeeper.metrics.find import find_metric

    found = {metric.name: metric for metric in ALL}
    one = None if name is None else found.get(name) or find_metric(name).metric
    if settings_of(context).json:
        print_json(card(one) if one else [card(metric) for metric in found.values()])
    elif one is not None:
        for key, value in card(one).items():
            if value not in ("", None, [], {}):
                typer.echo(f"{key}: {_shown(value)}")
    else:
        _list(list(found.values()))


def card(metric: Metric) -> dict[str, Any]:
    """The record of a metric as plain values, without its function."""
    from dataclasses import fields

    values = {field.name: getattr(metric, field.name) for field in fields(metric)}
    del values["function"]
    return {key: _plain(value) for key, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if hasattr(value, "items") else value


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key}: {held}" for key, held in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _list(every: list[Metric]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for head in ("name", "group", "unit", "worse", "measures"):
        table.add_column(head, no_wrap=head == "name")
    for metric in every:
        table.add_row(metric.name, metric.group, metric.unit or "–", metric.worse, metric.measures)
    Console(highlight=False, markup=False).print(table)
