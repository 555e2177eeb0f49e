"""Dashboards as files: what is read is what is written, and what is wrong is named."""

from __future__ import annotations

import json

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.app.dashboards.dashboard import MEASURED, Dashboard, Panel, PanelKind, Width
from watchkeeper.app.dashboards.desk import shipped
from watchkeeper.app.dashboards.file import read_dashboard, write_dashboard
from watchkeeper.app.dashboards.schema import dashboard_schema
from watchkeeper.core.errors import InputError
from watchkeeper.metrics.find import metric_names

WORDS = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\u2028\u2029\ufeff"),
    min_size=1, max_size=20,
).filter(lambda text: text.strip())  # fmt: skip
NAMES = st.lists(st.sampled_from(metric_names()), min_size=1, max_size=4).map(tuple)


@st.composite
def panels(draw: st.DrawFn) -> Panel:
    """Any panel that a person may write."""
    kind = draw(st.sampled_from(PanelKind))
    title, size = draw(WORDS), draw(st.sampled_from(Width))
    model = draw(st.none() | st.just("*") | WORDS)
    if kind not in MEASURED:
        text = draw(WORDS) if kind is PanelKind.TEXT else ""
        return Panel(kind, title, size, model=model, text=text)
    return Panel(
        kind, title, size, draw(NAMES), draw(st.lists(WORDS, max_size=2).map(tuple)), model,
        draw(st.none() | WORDS), draw(st.none() | WORDS), draw(st.none() | st.just("6h")),
    )  # fmt: skip


DASHBOARDS = st.builds(
    Dashboard, WORDS, st.lists(panels(), max_size=5).map(tuple), st.just("") | WORDS,
    st.none() | st.just("7d"),
)  # fmt: skip


@given(DASHBOARDS)
def test_what_is_written_is_read_and_fits_the_schema(dashboard: Dashboard) -> None:
    """A dashboard is the same after it was a file, and editors find nothing wrong with the file."""
    text = write_dashboard(dashboard)
    assert read_dashboard(text) == dashboard
    jsonschema.validate(yaml.safe_load(text), dashboard_schema())


@given(DASHBOARDS)
def test_json_is_read_as_yaml_is(dashboard: Dashboard) -> None:
    """What the page sends."""
    text = json.dumps(yaml.safe_load(write_dashboard(dashboard)))
    assert read_dashboard(text) == dashboard


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("title: A\npanels: [{kind: line, title: B, metrics: [psi]}]",
         "line 2, column 17: kind is 'line'; it may be"),
        ("title: A\npanels:\n- {kind: lines, title: B, metrics: [acuracy]}",
         "line 3, column 37: .*accuracy"),
        ("title: A\npanels:\n- {kind: lines, title: B}", "line 3, column 3: a panel of kind lines"),
        ("title: A\npanels:\n- {kind: text, title: B}", "needs 'text'"),
        ("title: A\npanels:\n- {kind: alerts, title: B, metrics: [psi]}", "has no metrics"),
        ("title: A\npanels:\n- {kind: lines, title: B, metrics: [psi], step: 5 hours}", "step"),
        ("title: A\npanels:\n- {kind: lines, titel: B, metrics: [psi]}", "did you mean 'title'"),
        ("titles: A\npanels: []", "did you mean 'title'"),
        ("panels: []", "needs 'title'"),
        ("title: A\npanels: [" + "{kind: alerts, title: B}, " * 61 + "]", "at most 60 panels"),
        ("", "here is nothing"),
        ("# only this", "here is nothing"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(text: str, told: str) -> None:
    """Line, column, and what was perhaps meant."""
    with pytest.raises(InputError, match=told):
        read_dashboard(text)


@pytest.mark.parametrize("name", list(shipped()))
def test_what_ships_asks_only_for_metrics_that_there_are(name: str) -> None:
    """They are read with the reader of all; each shows something, and fits the schema."""
    held = shipped()[name]
    assert held.dashboard.panels
    jsonschema.validate(yaml.safe_load(held.text), dashboard_schema())
