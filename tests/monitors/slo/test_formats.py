"""Files of SLOs are told apart by what they hold."""

from __future__ import annotations

import json

import pytest

from tests.files.kinds import OPENSLO, OPENSLO_METRIC, SLOS
from watchkeeper.core.errors import InputError
from watchkeeper.monitors.slo.formats import slos_in
from watchkeeper.monitors.slo.openslo import parse_openslo
from watchkeeper.monitors.slo.openslo_writing import write_openslo
from watchkeeper.monitors.slo.reading import parse_slos


def test_each_reader_has_its_own() -> None:
    """Several documents, JSON, and an empty file, too."""
    assert slos_in(SLOS) == parse_slos(SLOS)
    several = f"{OPENSLO}\n---\n{OPENSLO_METRIC}"
    assert slos_in(several) == parse_openslo(several)
    assert [slo.name for slo in slos_in(several)] == ["answers", "accurate"]
    service = {"kind": "Service", "apiVersion": "openslo/v1", "metadata": {"name": "a"}}
    assert slos_in(json.dumps(service)) == slos_in("") == ()


def test_what_was_written_is_read_again() -> None:
    """An export is a file that can be applied."""
    once = slos_in(SLOS)
    again = slos_in(write_openslo(once))
    assert [slo.name for slo in again] == [slo.name for slo in once]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("slos: [", "x.yaml, line 1, column 8: this is no YAML"),
        ("apiVersion: openslo/v2", "x.yaml, line 1, column 13: apiVersion is 'openslo/v2'"),
        ("[a]: 1", "x.yaml, line 1, column 1: a key of the file must be a name"),
        (OPENSLO.replace("threshold: 2", "threshold: 0"), "threshold must be above 0"),
        (OPENSLO.replace("lookbackWindow: 3d", "lookbackWindow: 9999999Y"), "longer than time"),
        (OPENSLO.replace("min-bad: 3", "alerts: page 0h/0h 2%"), "windows and a share above 0"),
        (OPENSLO.replace("min-bad: 3", "min-bad: few"), "min-bad is 'few'; write a whole number"),
        (OPENSLO.partition("  objectives:")[0] + "  objectives: []", "objectives is empty"),
        ("slos: [{sli: {kind: latency, under_ms: 1e999}}]", "'1e999' is no number"),
    ],
)
def test_what_is_wrong_is_told_whichever_it_is(text: str, said: str) -> None:
    """With its place; nothing but our own error."""
    with pytest.raises(InputError) as caught:
        slos_in(text, name="x.yaml")
    assert said in str(caught.value)
