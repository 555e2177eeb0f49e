"""What a dashboard is."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class PanelKind(StrEnum):
    """How a panel shows what it shows."""

    LINES = "lines"
    """Metrics over time."""
    NUMBERS = "numbers"
    """One value of each metric over the whole range, with its interval."""
    TABLE = "table"
    """A row for each model or segment value, a column for each metric."""
    ALERTS = "alerts"
    """What fires."""
    TEXT = "text"
    """Words."""


class Width(StrEnum):
    """How much of a wide page a panel takes."""

    THIRD = "third"
    HALF = "half"
    FULL = "full"


MEASURED = (PanelKind.LINES, PanelKind.NUMBERS, PanelKind.TABLE)
"""The kinds that show metrics."""

EVERY = "*"
"""Stands for every model, or every value of a segment."""


class Panel(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing on a dashboard.

    Attributes
    ----------
    kind, title, size
        How it shows what it shows, what stands above it, and how wide it is.
    metrics
        Names as in `GET /v1/metrics`; those that a model has no values of are left out.
    columns
        Which columns, for metrics of columns; all where empty.
    model
        Of which model: that of the page where None, every one where `*`.
    version, segment
        Of which rows; `COLUMN:*` is each value of a segment.
    step
        The length of a step, such as `1h`; by the range where None.
    text
        Words, shown as they are.
    """

    kind: PanelKind
    title: str
    size: Width = Width.HALF
    metrics: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    model: str | None = None
    version: str | None = None
    segment: str | None = None
    step: str | None = None
    text: str = ""


class Dashboard(msgspec.Struct, frozen=True, omit_defaults=True):
    """Panels, in their order.

    Attributes
    ----------
    window
        The range where the page names none, as in the API: `7d`, `24h` …
    """

    title: str
    panels: tuple[Panel, ...]
    description: str = ""
    window: str | None = None

    def is_of_one_model(self) -> bool:
        """Whether a panel shows the model that the page names."""
        return any(panel.model is None and panel.kind in MEASURED for panel in self.panels)
