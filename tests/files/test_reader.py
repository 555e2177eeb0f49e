"""What every file that people write is read with: places, bounds, and the traps of YAML."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from watchkeeper.core.errors import InputError
from watchkeeper.files.composing import LONGEST, CoreLoader, decode
from watchkeeper.files.nodes import is_list, is_mapping, place
from watchkeeper.files.places import place_of
from watchkeeper.files.problems import Problem, raise_all
from watchkeeper.files.reader import Reader


class Core(Reader):
    """A file by the rules of YAML 1.2."""

    LOADER = CoreLoader
    MOST = 1000


def told(reader: Reader) -> str:
    """All that is wrong, as the error says it."""
    with pytest.raises(InputError) as caught:
        reader.finish()
    return str(caught.value)


def plain(text: str, kind: type[Reader] = Reader) -> Any:
    """A text as Python objects, with nothing wrong."""
    reader = kind("x.yaml")
    found = reader.plain(reader.compose(text), "the file")
    reader.finish()
    return found


# ---- any text --------------------------------------------------------------------------------

SIGNS = st.sampled_from(
    [*"abx:-?*&!|>'\"%@`{}[],#~<=. \t\n0159", "\r\n", "\x85", "\u2028", "\ufeff", "\x00", "\ud800",
     "<<: ", "- ", ": ", "&a ", "*a ", "!!int ", "!!bool ", "---\n", "...\n", "%YAML 9.9\n",
     "\\U00FFFFFF", "é", "\U0001f600"]
)  # fmt: skip
TEXTS = st.lists(SIGNS, max_size=30).map("".join) | st.text(max_size=40)


@settings(max_examples=500, deadline=None)
@example("%YAML 1" + "1" * 5000 + ".1\n--- a")
@example('"\\UFFFFFFFF"')
@example("!!int ''")
@example("? [a, b]\n: c")
@example("&a {<<: *a}")
@example("&a [*a]")
@example("[" * 3000)
@given(TEXTS)
def test_any_text_is_read_or_refused_at_a_place_inside_of_it(text: str) -> None:
    """Nothing but our own error, and its place is one of the text."""
    for kind in (Reader, Core):
        reader = kind("x.yaml")
        nodes = reader.documents(text)
        for node in nodes:
            reader.plain(node, "the file")
            reader.mapping(node, "the file", ("a",), ("b",))
            reader.items(node, "the file")
            for one in reader.each(node):
                reader.content(one, "a")
                reader.flag(one, "a")
                reader.whole(one, "a", 0, 9)
                reader.duration(one, "a", positive=True)
                reader.moment(one, "a")
        for problem in reader.problems:
            assert inside(text.removeprefix("\ufeff"), problem), problem
        if reader.problems:
            assert re.search(r"x.yaml, line \d+, column \d+: \S", told(reader))


def inside(text: str, problem: Problem) -> bool:
    """Whether a problem lies in a text, or at its very end."""
    lines = re.split("\r\n|[\r\n\x85\u2028\u2029]", text)
    if not 1 <= problem.line <= len(lines):
        return False
    return 1 <= problem.column <= len(lines[problem.line - 1]) + 1


TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text("abno 01:.~-", max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abno01", min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(TREES)
def test_plain_values_are_those_of_yaml(tree: object) -> None:
    """What a dumper of YAML 1.1 wrote comes back, whatever it quotes and folds."""
    assert plain(yaml.safe_dump(tree)) == tree


@given(st.text("ab\n\r\x85\u2028 ", max_size=20), st.data())
def test_places_are_those_of_yaml(text: str, data: st.DataObject) -> None:
    """Lines are counted as the marks of nodes count them."""
    loader = yaml.SafeLoader(text)
    index = data.draw(st.integers(0, len(text)))
    if text[index - 1 : index] == "\r" and text[index : index + 1] == "\n":
        return  # Within an end of a line.
    loader.forward(index)
    mark = loader.get_mark()
    assert place_of(text, index) == (mark.line + 1, mark.column + 1)


# ---- the traps -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "old", "core"),
    [
        ("no", False, "no"), ("on", True, "on"), ("True", True, True), ("1:30", 90, "1:30"),
        ("010", 8, 10), ("0o17", "0o17", "0o17"), ("1e3", "1e3", 1000.0), ("1.0e+3", 1000.0, 1e3),
        ("1_000", 1000, "1_000"), ("~", None, None), ("'no'", "no", "no"), ("09:00", "09:00",
        "09:00"), ("2026-01-05", "2026-01-05", "2026-01-05"), ("1.10", 1.1, 1.1),
        (".inf", float("inf"), float("inf")), ("=", "=", "="), ("!!str 5", "5", "5"),
    ],
)  # fmt: skip
def test_values_by_the_rules_of_either_yaml(written: str, old: object, core: object) -> None:
    """`plain` follows its rules; what is read as text is as it was written."""
    assert plain(written) == old
    assert plain(written, Core) == core
    reader = Reader()
    text = written.removeprefix("!!str ").strip("'")
    assert reader.written(reader.compose(written), "a") == text.replace("~", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: !secret x", "line 1, column 4: the tag '!secret' is not known; leave it out"),
        ("a: !!int x", "line 1, column 4: 'x' is no int"),
        ("a: !!bool maybe", "line 1, column 4: 'maybe' is no bool"),
        ("a: 1\n a: 2", "line 2, column 3: this is no YAML"),
        ("\ta: 1", "line 1, column 1: this is no YAML"),
        ("a: b\n---\nc: d", "line 2, column 1: this is no YAML"),
        ("a: 1\nb: 2\na: 3", "line 3, column 1: the file has 'a' twice, first on line 1"),
        ("a: {b: 1, b: 2}", "line 1, column 11: the file.a has 'b' twice"),
        ("[a]: 1", "line 1, column 1: a key of the file must be a name"),
        ("<<: a", "line 1, column 5: `<<` merges keys and values; here is 'a'"),
        ("\ufeffa: !x y", "line 1, column 4: the tag"),
    ],
)
def test_what_is_wrong_with_a_text(text: str, said: str) -> None:
    """Tabs, documents, keys, tags, marks of byte order: each with its place."""
    reader = Reader("x.yaml")
    reader.plain(reader.compose(text), "the file")
    assert told(reader).startswith(f"x.yaml, {said}")


def test_bytes() -> None:
    """UTF-8 with or without a mark; else the first byte that is wrong."""
    assert decode("é".encode("utf-8-sig"), "x") == decode("é".encode(), "x") == "é"
    with pytest.raises(InputError, match=r"x is not UTF-8 text; .*byte 2"):
        decode(b"a\xe9b", "x")
    with pytest.raises(InputError, match="not UTF-8"):
        decode("a: b".encode("utf-16"), "x")


def test_what_is_merged_in() -> None:
    """Own keys win, then the first that is merged; twice is no trouble, into itself nothing."""
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: 3}\nd: {<<: *b, <<: *a}"
    found = plain(text)
    assert found["c"] == {"x": 3, "y": 1, "z": 2}
    assert found["d"] == {"y": 2, "z": 2, "x": 1}
    assert plain("&a {<<: *a, x: 1}") == {"x": 1}
    assert plain("{'<<': 1}") == {"<<": 1}


@pytest.mark.parametrize("merged", [False, True])
def test_what_unfolds_without_end_is_refused_at_once(merged: bool) -> None:
    """A billion laughs, as lists or merged in, cost no more than the text."""
    text = "a0: &a0 {k0: 1, l0: 1}\n"
    for level in range(1, 40):
        parts = ", ".join([f"*a{level - 1}"] * 9)
        held = f"{{<<: [{parts}], k{level}: 1}}" if merged else f"[{parts}]"
        text += f"a{level}: &a{level} {held}\n"
    reader = Reader("x.yaml")
    with pytest.raises(InputError, match=r"x.yaml, line \d, column \d+: .*more than 100000 values"):
        reader.plain(reader.compose(text), "the file")


def test_what_holds_itself_or_is_deep_is_refused() -> None:
    """The depth is bounded, and so is the time."""
    for text in ("&a [*a]", "&a {b: *a}", "a: &a [*a, *a, *a]"):
        reader = Core()
        try:
            reader.plain(reader.compose(text), "the file")
        except InputError as error:
            assert "more than 1000 values" in str(error)  # noqa: PT017  # either is right
        else:
            assert "nested more than 100 deep" in told(reader)
    chain = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 120))
    reader = Reader()
    reader.plain(reader.compose(chain), "the file")
    assert "nested more than 100 deep" in told(reader)


def test_a_long_text_is_refused() -> None:
    """Before it is looked at."""
    reader = Reader()
    assert reader.compose("#" * (LONGEST + 1)) is None
    assert f"more than {LONGEST} characters" in told(reader)


# ---- values ----------------------------------------------------------------------------------


def test_values() -> None:
    """Each reader, and what it makes of a text."""
    reader = Reader()
    node = reader.compose(
        "{whole: '7', flag: TRUE, wait: 1h30m, at: 24:00, day: 2026-01-05, one: a,"
        " moment: 2026-01-05T09:00+00:00, many: [a, b], nothing: }"
    )
    found = reader.mapping(node, "the file")
    assert reader.whole(found["whole"], "a", 0, 9) == 7
    assert reader.flag(found["flag"], "a") is True
    assert reader.duration(found["wait"], "a") == timedelta(minutes=90)
    assert reader.clock(found["at"], "a") == time()
    assert reader.day(found["day"], "a") == date(2026, 1, 5)
    assert reader.moment(found["moment"], "a") == datetime(2026, 1, 5, 9, tzinfo=UTC)
    assert reader.choice(found["one"], "a", ["a", "b"]) == "a"
    assert reader.contents(found["many"], "a") == ("a", "b")
    assert reader.contents(found["one"], "a") == ("a",)
    assert reader.contents(found["nothing"], "a") == ()
    assert is_list(found["many"])
    assert is_mapping(node)
    assert place(None) == (1, 1)
    assert reader.problems == []


@pytest.mark.parametrize(
    ("written", "number"),
    [("1", 1.0), (" -1.5e3 ", -1500.0), (".5", 0.5), ("7.", 7.0), ("1e3", 1000.0), ("+0", 0.0)],
)
def test_numbers(written: str, number: float) -> None:
    """As decimals have them, in quotes or not."""
    reader = Reader()
    found = reader.mapping(reader.compose(f"{{a: '{written}', b: {written}}}"), "it")
    assert [reader.number(node, "a") for node in found.values()] == [number, number]
    assert reader.problems == []


@pytest.mark.parametrize(
    ("written", "said"),
    [
        *((text, f"a is {text!r}; write a number") for text in
          ("inf", ".inf", "nan", "-.inf", "1_000", "0x1", "1e999", "x", "1 2", "true")),
        ("2", "a is 2; it must be 0 to 1"), ("-0.1", "a is -0.1; it must be 0 to 1"),
        ("''", "a is empty"), ("[1]", "a must be a text; it is a list"),
    ],
)  # fmt: skip
def test_what_is_no_number(written: str, said: str) -> None:
    """Neither what is beyond all numbers nor what Python alone takes for one."""
    reader = Reader("x.yaml")
    found = reader.mapping(reader.compose(f"a: {written}"), "it")
    assert reader.number(found["a"], "a", 0, 1) is None
    assert told(reader) == f"x.yaml, line 1, column 4: {said}"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_is_read_as_it_was_written(number: float) -> None:
    """To the last digit."""
    reader = Reader()
    node = reader.compose(repr(number))
    assert node is not None
    assert reader.number(node, "a") == number


def test_time_zones() -> None:
    """By their names, with the nearest one where there is none; never anything but a zone."""
    reader = Reader("x.yaml")
    node = reader.compose("[Europe/Zurich, UTC, Europe/Zurik, ../../etc/passwd, '', /etc/passwd]")
    found = [reader.time_zone(one, "zone") for one in reader.items(node, "it")]
    assert found == ["Europe/Zurich", "UTC", None, None, None, None]
    assert told(reader).splitlines() == [
        (
            "x.yaml, line 1, column 22: zone: 'Europe/Zurik' is no time zone; did you mean "
            "'Europe/Zurich'?"
        ),
        (
            "x.yaml, line 1, column 36: zone: '../../etc/passwd' is no time zone; write a name such"
            " as 'Europe/Zurich'"
        ),
        "x.yaml, line 1, column 54: zone is empty",
        (
            "x.yaml, line 1, column 58: zone: '/etc/passwd' is no time zone; write a name such as "
            "'Europe/Zurich'"
        ),
    ]


def test_what_is_wrong_with_values() -> None:
    """All at once, in the order of the file, each once, with the nearest name."""
    reader = Reader("x.yaml")
    node = reader.compose("{whole: 10, flag: maybe, wait: 0s, one: ab, empty: , more: 1, lst: a}")
    for _ in range(2):
        found = reader.mapping(node, "it", ["whole", "flag", "wait", "one", "empty", "list"], ["x"])
        assert reader.whole(found["whole"], "whole", 0, 9) is None
        assert reader.flag(found["flag"], "flag") is None
        assert reader.duration(found["wait"], "wait", positive=True) is None
        assert reader.choice(found["one"], "one", ["abc", "zzz"]) is None
        assert reader.content(found["empty"], "empty") is None
    assert told(reader).replace("x.yaml, line 1, column ", "").splitlines() == [
        "1: it needs 'x'",
        "9: whole is '10'; write a whole number from 0 to 9",
        "19: flag is 'maybe'; write true or false",
        "32: wait is no time at all; it must be longer than none, such as 1h",
        "41: one is 'ab'; it may be abc or zzz; did you mean 'abc'?",
        "51: empty is empty",
        "54: it has no 'more'; it may have whole, flag, wait, one, empty or list",
        "63: it has no 'lst'; did you mean 'list'?",
    ]


def test_a_text_within_a_file() -> None:
    """Places count from where the text begins in its file."""
    reader = Reader("x.md", first_line=10, first_column=4)
    reader.mapping(reader.compose("a: 1\na: 2"), "it")
    assert told(reader) == "x.md, line 12, column 5: it has 'a' twice, first on line 11; keep one"


def test_problems_are_told_once_and_in_order() -> None:
    """Nothing where there are none."""
    raise_all([], "x")
    late, early = Problem(2, 1, "b"), Problem(1, 9, "a", "warning")
    with pytest.raises(InputError) as caught:
        raise_all([late, early, late], "x")
    assert str(caught.value) == "x, line 1, column 9: warning: a\nx, line 2, column 1: b"
