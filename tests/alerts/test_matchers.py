"""Matchers: the notation of Alertmanager, old and new; its client is the oracle."""

from __future__ import annotations

import json
import subprocess
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.alerts.alertmanager import AMTOOL, needs_amtool
from watchkeeper.alerts import regex
from watchkeeper.alerts.matchers import Matcher, parse_matcher, parse_matchers
from watchkeeper.alerts.reading import read_config
from watchkeeper.alerts.routing import route_test
from watchkeeper.core.errors import InputError

TEXTS = [
    'team="ml"',
    "team = ml",
    " team=ml , model != flights ",
    '{team="ml", model=~"fl.*",}',
    "{team=ml}",
    'team=~"ml|data"',
    "team=~ml|data",
    "team!~m.",
    'team!=""',
    'team=""',
    "team=",
    'team=~".*"',
    'team=~".+"',
    'note="a \\"b\\" c"',
    'note="a,b"',
    'note=~"a.b"',
    'note="a\\nb"',
    "note=a\\nb",
    'note=~"(?i)A,B"',
    'note=~"a\\\\.b"',
    r"note=a\b",
    "model:sub=1",
    'team=~"ü+"',
    'team=~"m"',
    "team==ml",
]
LABELS = [
    {"team": "ml"},
    {"team": "ml", "model": "flights"},
    {"team": "data", "model": "taxis"},
    {"note": 'a "b" c'},
    {"note": "a,b", "team": "mlx"},
    {"note": "a.b"},
    {"note": "A.B", "team": "üü"},
    {"model:sub": "1"},
    {},
]
REFUSED = [
    "team",
    "=ml",
    'team="ml',
    'team="m"l"',
    "team=~(",
    'team="ml" x=1',
]


@pytest.fixture(scope="module")
def routes(tmp_path_factory):
    """A file with one route for each text, all tried."""
    children = [
        {"matchers": [text], "receiver": f"r{number}", "continue": True}
        for number, text in enumerate(TEXTS)
    ]
    names = ["none", *(f"r{number}" for number in range(len(TEXTS)))]
    text = json.dumps(
        {
            "route": {"receiver": "none", "routes": children},
            "receivers": [{"name": name} for name in names],
        }
    )
    path = tmp_path_factory.mktemp("routes") / "alertmanager.yml"
    path.write_text(text, encoding="utf-8")
    return text, path


def ask_amtool(path, labels):
    """The receivers that Alertmanager's client names."""
    pairs = [f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in labels.items()]
    done = subprocess.run(
        [str(AMTOOL), "config", "routes", "test", f"--config.file={path}", *pairs],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return done.stdout.strip().split(",")


@needs_amtool
@pytest.mark.parametrize("number", range(len(LABELS)))
def test_routes_are_those_of_amtool(number, routes):
    """Every matcher matches exactly what it matches there."""
    text, path = routes
    assert list(route_test(read_config(text), LABELS[number])) == ask_amtool(path, LABELS[number])


@needs_amtool
@pytest.mark.parametrize("text", REFUSED)
def test_what_amtool_refuses(text, tmp_path):
    """Neither reads it."""
    with pytest.raises(InputError):
        parse_matchers(text)
    path = tmp_path / "alertmanager.yml"
    config = {
        "route": {"receiver": "a", "routes": [{"matchers": [text]}]},
        "receivers": [{"name": "a"}],
    }
    path.write_text(json.dumps(config), encoding="utf-8")
    done = subprocess.run(
        [str(AMTOOL), "check-config", str(path)], capture_output=True, timeout=60, check=False
    )
    assert done.returncode != 0


@pytest.mark.parametrize(
    ("text", "matcher"),
    [
        ('"größe"="ü"', Matcher("größe", "=", "ü")),
        ("größe=ü", Matcher("größe", "=", "ü")),
        ('"a b"!~"x\\\\.y"', Matcher("a b", "!~", "x\\.y")),
        ('{"http.status"=~"5.."}', Matcher("http.status", "=~", "5..")),
        ('a="\\u00fc"', Matcher("a", "=", "\\u00fc")),
        ('"a b"="\\u00fc"', Matcher("a b", "=", "ü")),
    ],
)
def test_names_of_0_27(text, matcher):
    """Any name in quotes, or bare; where both readings are possible, the older one is taken."""
    assert parse_matcher(text) == matcher


@pytest.mark.parametrize("text", ["{a=1", "a=1}", "{{a=1}}", 'ü="', 'ü="\\q"', "ü", 'ü="1" ü="2"'])
def test_what_0_27_refuses(text):
    """Braces that do not match, quotes that do not end, escapes that are none."""
    if text in {"{a=1", "a=1}"}:  # The older rules take a brace too few.
        assert parse_matchers(text) == (Matcher("a", "=", "1"),)
        return
    with pytest.raises(InputError, match="is no matcher"):
        parse_matchers(text)


names = st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1, max_size=8)


@given(names, st.sampled_from(["=", "!=", "=~", "!~"]), st.text(st.characters(codec="utf-8")))
def test_a_matcher_reads_back(name, op, value):
    """What a matcher prints is the matcher."""
    if op in {"=~", "!~"}:
        value = "a|b+"
    matcher = Matcher(name, op, value)
    assert parse_matchers(str(matcher)) == (matcher,)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text):
    """Nothing but our own error comes out."""
    with suppress(InputError):
        parse_matchers(text)


def test_without_re2_python_does(monkeypatch):
    """The same answers, and our own error, where google-re2 is not installed."""
    regex.compiled.cache_clear()
    monkeypatch.setattr(regex, "_re2", lambda: None)
    try:
        assert regex.matches_whole("a|b", "b")
        assert not regex.matches_whole("a|b", "ab")
        assert not regex.matches_whole("a", "a\n")
        with pytest.raises(InputError, match="is no regular expression"):
            regex.compiled("(")
    finally:
        regex.compiled.cache_clear()
