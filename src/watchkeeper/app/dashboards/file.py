"""Dashboards as people write them in YAML, and as the page sends them in JSON, which is YAML."""

from __future__ import annotations

import json

import msgspec
import yaml

from watchkeeper.app.dashboards.dashboard import MEASURED, Dashboard, Panel, PanelKind, Width
from watchkeeper.core.errors import InputError
from watchkeeper.core.windows import parse_every
from watchkeeper.files.nodes import Node, is_nothing
from watchkeeper.files.reader import Reader
from watchkeeper.metrics.find import find_metric

MOST_PANELS = 60
"""So many panels a dashboard may have."""

_PANEL = tuple(Panel.__struct_fields__)
_FILE = ("title", "description", "window", "panels")


def read_dashboard(text: str, name: str = "the dashboard") -> Dashboard:
    r"""Read a dashboard.

    Parameters
    ----------
    text
        YAML, or JSON.
    name
        What to call it in an error.

    Raises
    ------
    InputError
        Names everything that is wrong, with line, column and the nearest valid name.

    Examples
    --------
    >>> read_dashboard("title: Mine\npanels: [{kind: lines, title: Traffic, metrics: [volume]}]")
    Traceback (most recent call last):
    watchkeeper.core.errors.InputError: the dashboard, line 2, column 50: there is no metric
        'volume'; `watchkeeper metrics` lists all
    """
    return _Reader(name).dashboard(_from_json(text))


def write_dashboard(dashboard: Dashboard) -> str:
    r"""The YAML of a dashboard.

    >>> panel = Panel(PanelKind.LINES, "Traffic", metrics=("throughput",))
    >>> text = write_dashboard(Dashboard("Mine", (panel,)))
    >>> read_dashboard(text).panels == (panel,)
    True
    """
    plain = msgspec.to_builtins(dashboard)
    ordered = {key: plain[key] for key in _FILE if key in plain}
    return _yaml(ordered)


def _from_json(text: str) -> str:
    """JSON as YAML of lines, whose places say something; JSON escapes what YAML does not know."""
    if not text.lstrip().startswith("{"):
        return text
    try:
        return _yaml(json.loads(text))
    except (ValueError, RecursionError):
        return text  # YAML that begins like JSON, or neither: the reader says which.


def _yaml(plain: object) -> str:
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100)


class _Reader(Reader):
    def dashboard(self, text: str) -> Dashboard:
        """The dashboard of a file."""
        node = self.compose(text)
        if is_nothing(node):
            self.wrong(None, "here is nothing; a dashboard has a title and panels")
            self.finish()
        fields = self.mapping(node, "the dashboard", _FILE, ("title", "panels"))
        nodes = self.items(fields.get("panels"), "panels")
        if len(nodes) > MOST_PANELS:
            self.wrong(nodes[MOST_PANELS], f"a dashboard has at most {MOST_PANELS} panels")
            nodes = nodes[:MOST_PANELS]
        panels = [self._panel(node) for node in nodes]
        title = self._content(fields, "title")
        description = self.written(fields.get("description"), "description")
        window = self._content(fields, "window")
        self.finish()
        kept = tuple(panel for panel in panels if panel is not None)
        return Dashboard(title or "", kept, description, window)

    def _panel(self, node: Node) -> Panel | None:
        fields = self.mapping(node, "a panel", _PANEL, ("kind", "title"))
        if "kind" not in fields or "title" not in fields:
            return None
        kind = self.choice(fields["kind"], "kind", [str(one) for one in PanelKind])
        title = self._content(fields, "title")
        size = self.choice(fields["size"], "size", [str(one) for one in Width]) if (
            "size" in fields
        ) else Width.HALF  # fmt: skip
        metrics = self._metrics(fields)
        if kind is None or title is None or size is None:
            return None
        self._check(node, PanelKind(kind), fields)
        return Panel(
            PanelKind(kind), title, Width(size), metrics,
            self._contents(fields, "columns"), self._content(fields, "model"),
            self._content(fields, "version"), self._content(fields, "segment"),
            self._step(fields), self.written(fields.get("text"), "text"),
        )  # fmt: skip

    def _check(self, node: Node, kind: PanelKind, fields: dict[str, Node]) -> None:
        """What a kind of panel needs, and what it would ignore."""
        if kind in MEASURED and "metrics" not in fields:
            self.wrong(node, f"a panel of kind {kind!s} needs 'metrics'")
        if kind is PanelKind.TEXT and "text" not in fields:
            self.wrong(node, "a panel of kind text needs 'text'")
        for name in ("metrics", "columns", "version", "segment", "step"):
            if name in fields and kind not in MEASURED:
                self.wrong_key(node, name, f"a panel of kind {kind!s} has no {name}; leave it out")

    def _metrics(self, fields: dict[str, Node]) -> tuple[str, ...]:
        if "metrics" not in fields:
            return ()
        found: list[str] = []
        for node in self.each(fields["metrics"]):
            name = self.content(node, "a metric")
            if name is None:
                continue
            try:
                find_metric(name)
            except InputError as error:
                self.wrong(node, str(error))
            else:
                found.append(name)
        return tuple(found)

    def _step(self, fields: dict[str, Node]) -> str | None:
        if "step" not in fields:
            return None
        every = self.read(fields["step"], "step", parse_every, "a length such as 1h or 1d")
        return None if every is None else every.text

    def _content(self, fields: dict[str, Node], name: str) -> str | None:
        return self.content(fields[name], name) if name in fields else None

    def _contents(self, fields: dict[str, Node], name: str) -> tuple[str, ...]:
        return self.contents(fields[name], name) if name in fields else ()
