"""The JSON schema of a dashboard."""

from __future__ import annotations

from watchkeeper.app.dashboards.dashboard import PanelKind, Width
from watchkeeper.app.dashboards.file import MOST_PANELS
from watchkeeper.files.schema import TEXT, WRITTEN, Schema, choice, document, each, mapping, told
from watchkeeper.metrics.find import metric_names


def dashboard_schema() -> Schema:
    """The JSON schema of a dashboard.

    >>> dashboard_schema()["title"]
    'Watchkeeper dashboard'
    """
    texts = each(TEXT)
    panel: Schema = mapping(
        {
            "kind": told("How it shows what it shows.", choice(str(one) for one in PanelKind)),
            "title": told("What stands above it.", TEXT),
            "size": told("How wide it is.", choice(str(one) for one in Width)),
            "metrics": told("As GET /v1/metrics lists them.", each(choice(metric_names()))),
            "columns": told("Which columns, for metrics of columns; all where left out.", texts),
            "model": told("That of the page where left out; '*': every one.", TEXT),
            "version": told("All together where left out.", TEXT),
            "segment": told("COLUMN:VALUE, or COLUMN:* for each value.", TEXT),
            "step": told("The length of a step, such as 1h or 1d.", TEXT),
            "text": told("Words, shown as they are.", WRITTEN),
        },
        "kind",
        "title",
    )
    fields = {
        "title": TEXT,
        "description": WRITTEN,
        "window": told("The range where nobody chooses one, such as 24h or 7d.", TEXT),
        "panels": {"type": "array", "items": panel, "maxItems": MOST_PANELS},
    }
    file = mapping(fields, "title", "panels")
    return document("Watchkeeper dashboard", file, empty=False)
