"""Expressions as trees: places, roots, and what is refused in which words."""

from __future__ import annotations

import pytest

from watchkeeper.core.errors import RuleError
from watchkeeper.expressions.hints import suggest
from watchkeeper.expressions.nodes import Call, Literal, Name, Position, walk
from watchkeeper.expressions.parsing import Dialect, ExpressionError, parse

PLAIN = Dialect(("f",), root="row")
QUALIFIED = Dialect(None, root="there", qualified=True, kind="condition")


def test_every_part_knows_its_place():
    """Lines and columns count from 1, over several lines and comments."""
    text = "a < 1 // first\n  && f(bee) > -2.5"
    places = {
        node.name: (node.at.line, node.at.column)
        for node in walk(parse(text, PLAIN))
        if isinstance(node, Name)
    }
    assert places == {"a": (1, 1), "bee": (2, 8)}


def test_a_chain_is_flat():
    """`a && b && c` has three parts, in order, so a long one is not deep."""
    tree = parse(" && ".join(f"a{n}" for n in range(200)), PLAIN)
    assert isinstance(tree, Call)
    assert [part.name for part in tree.arguments] == [f"a{n}" for n in range(200)]


@pytest.mark.parametrize("text", ["row.price", 'row["price"]', "row['price']"])
def test_a_root_is_transparent(text):
    """Below a root that is not told apart stands the name itself."""
    tree = parse(text, PLAIN)
    assert isinstance(tree, Name)
    assert (tree.name, tree.of) == ("price", "")


def test_a_qualified_root_is_kept():
    """Below a root that is told apart, names and calls know it."""
    name, call = parse("there.a", QUALIFIED), parse('there.f("x")', QUALIFIED)
    assert isinstance(name, Name)
    assert name.of == "there"
    assert call == Call("f", (Literal("x", Position(1, 9)),), Position(1, 1), "there")


def test_a_method_of_anything_else_is_a_function():
    """`a.f(b)` is `f(a, b)`, as the standard has it."""
    tree = parse("a.f(b)", PLAIN)
    assert isinstance(tree, Call)
    assert [part.name for part in tree.arguments] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ("a = 1", (1, 3), "write == for ="),
        ("a > 1 and b > 1", (1, 7), "write && for and"),
        ("g(a) > 1", (1, 1), "the function g() is not supported in rules"),
        ("a > row", (1, 5), "row names nothing by itself"),
        ("a > b.c", (1, 5), ".c: there are no fields"),
        ("a >", (1, 3), "cannot be read"),
        ("1 < b[0]", (1, 5), "brackets are not supported"),
        ("a > 99999999999999999999", (1, 5), "does not fit into 64 bits"),
        ("a == b'x'", (1, 6), "bytes"),
        ("a == {1: 2}", (1, 6), "maps, objects"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text, place, told):
    """An error holds its place as a value, and `reason` is the message without it."""
    with pytest.raises(ExpressionError) as caught:
        parse(text, PLAIN)
    error = caught.value
    assert (error.at.line, error.at.column) == place
    assert told in error.reason
    assert isinstance(error, RuleError)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the condition is empty"),
        (" \n ", "the condition is empty"),
        ("(" * 80 + "1" + ")" * 80, "nested too deeply; split it into several conditions"),
        ("a" * 10_001, "10000 are allowed"),
    ],
)
def test_what_has_no_place_is_told_in_words_of_the_dialect(text, told):
    """Too long, too deep and empty texts are refused; no recursion error escapes."""
    with pytest.raises(RuleError, match=told.replace("(", r"\(")):
        parse(text, QUALIFIED)


def test_hints_name_the_nearest():
    """Near names are told, far ones are not."""
    assert suggest("acuracy", ["accuracy", "f1"]) == "; did you mean 'accuracy'?"
    assert suggest("zzz", ["accuracy", "f1"]) == ""
