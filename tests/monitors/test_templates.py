"""Templates of labels and annotations, against Prometheus' own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.monitors.promtool import differences, needs_promtool
from watchkeeper.core.errors import RuleError
from watchkeeper.monitors.template_numbers import FORMATS, plain
from watchkeeper.monitors.templates import Facts, check_template, fill, fill_all, find_problem

FACTS = Facts(
    {"model": "flights", "carrier": "AA"},
    value=0.8254,
    low=0.81,
    high=None,
    rows=12_345,
    external_url="https://watch.example",
)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("as it is", "as it is"),
        ("{{ $labels.model }}", "flights"),
        ("{{$labels.model}}/{{ .Labels.carrier }}", "flights/AA"),
        ("<{{ $labels.nowhere }}>", "<>"),
        ("{{ $value }} {{ .Value }}", "0.8254 0.8254"),
        ("{{ $value | humanizePercentage }}", "82.54%"),
        ("{{ humanizePercentage $value }}", "82.54%"),
        ('{{ printf "%.2f" $value }}', "0.83"),
        ("{{ $value | printf `%.1e` }}", "8.3e-01"),
        ('{{ $value | printf "about %.1f of 100%%" }}', "about 0.8 of 100%"),
        ("from {{ $low }} to {{ $high }}", "from 0.81 to unknown"),
        ("{{ $high | humanize }}", "unknown"),
        ("{{ $rows }} {{ $rows | humanize }}", "12345 12.35k"),
        ("{{ $externalURL }}/alerts", "https://watch.example/alerts"),
        ("{{ $low\n| humanize }}", "810m"),
        ("a } b }} c", "a } b }} c"),
    ],
)
def test_texts(text, filled):
    """Each value and function, in every way that Prometheus writes them."""
    check_template(text)
    assert fill(text, FACTS) == filled


@pytest.mark.parametrize(
    ("text", "offset", "words"),
    [
        ("{{ $valeu }}", 3, "there is no '$valeu'; did you mean '$value'?"),
        ("ab {{ $value | humanise }}", 15, "no function 'humanise'; did you mean 'humanize'?"),
        ("{{ $value", 0, "{{ has no }}"),
        ("{{ }}", 2, "something is missing"),
        ("{{ $value | }}", 2, "something is missing"),
        ("{{ if $value }}x{{ end }}", 3, "there is no function 'if'"),
        ("{{ range query }}", 3, "there is no function 'range'"),
        ("{{ $labels.model | humanize }}", 3, "$labels.model is text, not a number"),
        ("{{ $value | humanize | humanize }}", 23, "one function"),
        ("{{ humanize $value | humanize }}", 21, "one function"),
        ("{{ $value $low }}", 3, "there is no function '$value'"),
        ('{{ printf "%s" $value }}', 10, '"%s" needs one verb'),
        ('{{ printf "%.2f %.2f" $value }}', 10, "needs one verb"),
        ('{{ printf "%.2f $value }}', 3, "printf takes a layout"),
        ('{{ printf "%.2f\\n" $value }}', 10, "a backslash"),
        ("{{ printf $value }}", 3, "printf takes a layout"),
        ("{{ humanize $value $low }}", 12, "humanize takes one value"),
        ("{{ $labels }}", 3, "did you mean '$labels.NAME'?"),
        ("{{ $labels.a-b }}", 3, "there is no '$labels.a-b'"),
        ("{{- $value -}}", 2, "there is no function '-'"),
    ],
)
def test_refusals_name_the_place_and_what_is_supported(text, offset, words):
    """At load, at the character; and filling it all the same raises the same."""
    problem = find_problem(text)
    assert problem.offset == offset
    assert words in problem.message
    with pytest.raises(RuleError, match=f"at character {offset + 1}\\)"):
        check_template(text)
    with pytest.raises(RuleError, match=f"at character {offset + 1}\\)"):
        fill(text, FACTS)


def test_labels_hold_no_numbers():
    """A label that changes with the value makes each evaluation another alert."""
    assert find_problem("{{ $labels.model }}", identity=True) is None
    for text in ("a{{ $value }}", "a{{ $rows | humanize }}"):
        problem = find_problem(text, identity=True)
        assert problem.offset == 4
        assert "labels are what tells alerts apart" in problem.message


def test_many_at_once():
    """Names stay, values are filled."""
    assert fill_all({"a": "{{ $rows }}", "b": "b"}, FACTS) == {"a": "12345", "b": "b"}


@given(st.text(alphabet='{}$|. "%fvalueprintf\\`\n', max_size=40))
def test_what_is_not_refused_can_be_filled(text):
    """No text fails at run time that was accepted at load."""
    if find_problem(text) is None:
        assert isinstance(fill(text, FACTS), str)


@given(st.floats())
def test_numbers_are_never_lost(value):
    """The plain text of a number is that number, and every format takes every number."""
    assert float(plain(value)) == value or np.isnan(value)
    for written in FORMATS.values():
        assert written(value)


@needs_promtool
@pytest.mark.parametrize("seed", range(2))
def test_numbers_read_as_in_prometheus(tmp_path, seed):
    """Every function on numbers of all sizes, to the last character."""
    rng = np.random.default_rng(seed)
    sizes = 10.0 ** rng.uniform(-12, 14, 120)
    values = np.concatenate((
        sizes * rng.choice([-1, 1], sizes.size),
        rng.integers(-(10**7), 10**7, 60).astype(float),
        np.round(rng.uniform(0, 1, 60), 4),
        [0.0, 1.0, -1.0, 999.9999, 1000.0, 1e6, 1e5, 1e-4, 9.99999e-5, 60.0, 86400.0, 1024.0],
    ))  # fmt: skip
    texts = {name: f"{{{{ $value | {name} }}}}" for name in FORMATS}
    layouts = ("%.2f", "%.0f", "%e", "%.3g", "%g", "%+08.1f%%", "%G", "% .1f", "%-9.2fx", "%9.4G")
    texts |= {f"p{n}": f'{{{{ printf "{layout}" $value }}}}' for n, layout in enumerate(layouts)}
    texts |= {"v": "{{ $value }} {{ .Value }} {{ $labels.s }}<{{ $labels.nowhere }}>"}
    rules = [{"alert": "A", "expr": "m > -Inf", "annotations": texts}]
    expected = [
        {
            "eval_time": f"{minute}m",
            "alertname": "A",
            "exp_alerts": [
                {
                    "exp_labels": {"s": "x"},
                    "exp_annotations": fill_all(texts, Facts({"s": "x"}, float(value))),
                }
            ],
        }
        for minute, value in enumerate(values)
    ]
    written = " ".join(repr(float(value)) for value in values)
    series = [{"series": 'm{s="x"}', "values": written}]
    test = {"interval": "1m", "input_series": series, "alert_rule_test": expected}
    assert differences(tmp_path, rules, test) == ""
