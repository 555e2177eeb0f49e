"""A row rule in CEL as a small tree.

The parser is that of cel-python, so the grammar is the standard's; what Watchkeeper does not
translate is refused here with its position and with what is allowed.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from watchkeeper.core.errors import RuleError

if TYPE_CHECKING:
    from lark import Token, Tree

FUNCTIONS = (
    "has", "size", "startsWith", "endsWith", "contains", "matches", "timestamp", "duration", "int",
    "double", "string", "reference", "getFullYear", "getMonth", "getDate", "getDayOfMonth",
    "getDayOfWeek", "getHours", "getMinutes", "getSeconds",
)  # fmt: skip
"""What may be called in a rule."""

_OPERATORS = {
    "relation_lt": "<", "relation_le": "<=", "relation_gt": ">", "relation_ge": ">=",
    "relation_eq": "==", "relation_ne": "!=", "relation_in": "in", "addition_add": "+",
    "addition_sub": "-", "multiplication_mul": "*", "multiplication_div": "/",
    "multiplication_mod": "%", "unary_not": "!", "unary_neg": "-",
}  # fmt: skip
_CHAINS = {"conditionalor": "||", "conditionaland": "&&"}
_MAX_LENGTH = 10_000
_MAX_DEPTH = 60


@dataclass(frozen=True, slots=True)
class Position:
    """Where in its rule something stands, both counted from 1."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: text, truth, whole number, number, or null."""

    value: str | bool | int | float | None
    at: Position


@dataclass(frozen=True, slots=True)
class Name:
    """A column of the data."""

    name: str
    at: Position


@dataclass(frozen=True, slots=True)
class Items:
    """A list in brackets."""

    items: tuple[Node, ...]
    at: Position


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or a function, and what it is applied to."""

    name: str
    arguments: tuple[Node, ...]
    at: Position


Node: TypeAlias = Literal | Name | Items | Call


@lru_cache(maxsize=256)
def parse(text: str) -> Node:
    """The tree of a rule.

    Parameters
    ----------
    text
        A CEL expression over column names; `row["odd name"]` where a name is no identifier.

    Raises
    ------
    RuleError
        The text is no CEL, or uses what rules do not support.

    Examples
    --------
    >>> parse("price > 0").name
    '>'
    """
    from celpy.celparser import CELParseError, CELParser  # costs 0.1 s

    if not text.strip():
        raise RuleError("the rule is empty; write a condition over column names, such as price > 0")
    if len(text) > _MAX_LENGTH:
        raise RuleError(f"the rule has {len(text)} characters, {_MAX_LENGTH} are allowed")
    try:
        tree = CELParser().parse(text)
        return _expression(tree)
    except CELParseError as error:
        raise RuleError(_syntax(text, error.line, error.column)) from error
    except RecursionError:
        raise RuleError("the rule is nested too deeply; split it into several rules") from None


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    yield node
    below = node.arguments if isinstance(node, Call) else ()
    for child in node.items if isinstance(node, Items) else below:
        yield from walk(child)


def columns_of(text: str) -> tuple[str, ...]:
    """The columns that a rule reads, in the order in which they first occur.

    Examples
    --------
    >>> columns_of('start < row["the end"] && start != null')
    ('start', 'the end')
    """
    found = (node.name for node in walk(parse(text)) if isinstance(node, Name))
    return tuple(dict.fromkeys(found))


def suggest(name: str, known: Iterator[str] | tuple[str, ...] | list[str]) -> str:
    """A hint at the nearest known names, or an empty text.

    Examples
    --------
    >>> suggest("prize", ["price", "colour"])
    "; did you mean 'price'?"
    """
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""


def _syntax(text: str, line: int | None, column: int | None) -> str:
    """A sentence on what is wrong where, with the usual slips named."""
    row = (text.splitlines() or [""])[max(line or 1, 1) - 1 if (line or 1) > 0 else -1]
    rest = row[column - 1 :] if column and column > 0 else ""
    slips = {"=": "==", "and ": "&&", "or ": "||", "not ": "!", "<>": "!=", "is ": "=="}
    hint = next(
        (f"; write {right} for {wrong.strip()}" for wrong, right in slips.items()
         if rest.startswith(wrong)),
        "",
    )  # fmt: skip
    if not hint and row.strip().startswith("not "):
        hint = "; write ! for not"
    where = f"at line {line or 1}, column {column}" if column and column > 0 else "at its end"
    return f"the rule {text!r} cannot be read {where}, near {(rest or row)[:20]!r}{hint}"


def _at(tree: Tree[Token] | Token) -> Position:
    place: Any = getattr(tree, "meta", tree)
    return Position(getattr(place, "line", None) or 1, getattr(place, "column", None) or 1)


def _expression(tree: Tree[Token], depth: int = 0) -> Node:
    """Any tree of the grammar: chains of one child stand for that child."""
    if depth > _MAX_DEPTH:
        raise RecursionError
    while len(tree.children) == 1 and tree.data not in _LEAVES:
        tree = tree.children[0]  # type: ignore[assignment]  # only leaves hold tokens
    if tree.data in _LEAVES:
        leaf: Node = _LEAVES[tree.data](tree, depth + 1)
        return leaf
    children: list[Any] = tree.children
    at = _at(tree)
    if tree.data == "expr":
        return Call("?:", tuple(_expression(c, depth + 1) for c in children), at)
    if tree.data in _CHAINS:
        links = tuple(_expression(link, depth + 1) for link in _links(tree))
        return Call(_CHAINS[tree.data], links, at)
    first, second = children
    operator = _OPERATORS[first.data]
    if tree.data == "unary":
        return _negated(operator, _expression(second, depth + 1), at)
    left = _expression(first.children[0], depth + 1)
    return Call(operator, (left, _expression(second, depth + 1)), at)


def _links(tree: Any) -> list[Any]:
    """The parts of `a && b && c`, which the grammar nests to the left."""
    links: list[Any] = []
    chain = tree.data
    while tree.data == chain and len(tree.children) == 2:
        links.append(tree.children[1])
        tree = tree.children[0]
    return [tree, *reversed(links)]


def _negated(operator: str, operand: Node, at: Position) -> Node:
    """A minus before a number is part of the number."""
    if operator == "-":
        if isinstance(operand, Literal) and type(operand.value) in (int, float):
            return Literal(-operand.value, at)  # type: ignore[operator]  # a number, see above
        return Call("neg", (operand,), at)
    return Call("!", (operand,), at)


def _literal(tree: Tree[Token], _depth: int) -> Node:
    from celpy.evaluation import celstr  # costs 0.1 s

    token: Any = tree.children[0]
    at = _at(tree)
    text = str(token)
    match token.type:
        case "NULL_LIT":
            return Literal(None, at)
        case "BOOL_LIT":
            return Literal(text == "true", at)
        case "INT_LIT" | "UINT_LIT":
            number = int(text.rstrip("uU"), 0) if "x" in text else int(text.rstrip("uU"))
            if not -(2**63) <= number < 2**63:
                raise RuleError(f"{text} at {at} does not fit into 64 bits; write it as {text}.0")
            return Literal(number, at)
        case "FLOAT_LIT":
            return Literal(float(text), at)
        case "STRING_LIT" | "MLSTRING_LIT":
            return Literal(str(celstr(token)), at)
    raise RuleError(f"bytes ({text} at {at}) are not supported in rules; write text in quotes")


def _ident(tree: Tree[Token], _depth: int) -> Node:
    name = str(tree.children[0])
    at = _at(tree)
    if name == "row":
        raise RuleError(f'row at {at} is the whole row; name a column, as in row["price"]')
    return Name(name, at)


def _arguments(children: list[Any], depth: int) -> tuple[Node, ...]:
    return tuple(_expression(c, depth) for tree in children for c in tree.children)


def _function(tree: Tree[Token], depth: int) -> Node:
    name, *rest = tree.children
    return _call(str(name), _arguments(rest, depth), _at(tree))


def _method(tree: Tree[Token], depth: int) -> Node:
    target, name, *rest = tree.children
    first = _expression(target, depth)  # type: ignore[arg-type]  # the grammar puts a tree here
    return _call(str(name), (first, *_arguments(rest, depth)), _at(tree))


def _call(name: str, arguments: tuple[Node, ...], at: Position) -> Node:
    if name not in FUNCTIONS:
        raise RuleError(
            f"the function {name}() at {at} is not supported in rules{suggest(name, FUNCTIONS)}; "
            f"supported are {', '.join(FUNCTIONS)}"
        )
    return Call(name, arguments, at)


def _is_row(tree: Any) -> bool:
    while len(tree.children) == 1 and tree.data != "ident":
        tree = tree.children[0]
        if not hasattr(tree, "children"):
            return False
    return tree.data == "ident" and str(tree.children[0]) == "row"


def _field(tree: Tree[Token], _depth: int) -> Node:
    target, name = tree.children
    if _is_row(target):
        return Name(str(name), _at(tree))
    raise RuleError(
        f".{name} at {_at(tree)}: columns have no fields; a column whose name holds a dot is "
        f'written row["a.b"]'
    )


def _index(tree: Tree[Token], depth: int) -> Node:
    target, key = tree.children
    inner = _expression(key, depth)  # type: ignore[arg-type]  # the grammar puts a tree here
    if _is_row(target) and isinstance(inner, Literal) and isinstance(inner.value, str):
        return Name(inner.value, _at(tree))
    raise RuleError(f'brackets at {_at(tree)} are only for columns: row["the name"]')


def _items(tree: Tree[Token], depth: int) -> Node:
    return Items(_arguments(tree.children, depth), _at(tree))


def _parenthesis(tree: Tree[Token], depth: int) -> Node:
    return _expression(tree.children[0], depth)  # type: ignore[arg-type]  # as above


def _unsupported(tree: Tree[Token], _depth: int) -> Node:
    raise RuleError(
        f"maps, objects and names that begin with a dot (at {_at(tree)}) are not supported in "
        "rules; use columns, constants, lists and operators"
    )


_LEAVES: Any = {
    "literal": _literal,
    "ident": _ident,
    "ident_arg": _function,
    "member_dot_arg": _method,
    "member_dot": _field,
    "member_index": _index,
    "list_lit": _items,
    "paren_expr": _parenthesis,
    "map_lit": _unsupported,
    "member_object": _unsupported,
    "dot_ident": _unsupported,
    "dot_ident_arg": _unsupported,
}
