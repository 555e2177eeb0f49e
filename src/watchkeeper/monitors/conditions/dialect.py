"""The CEL of conditions, read from text and written again."""

from __future__ import annotations

import json
import re

from watchkeeper.expressions import parsing
from watchkeeper.expressions.nodes import Call, Items, Literal, Name, Node
from watchkeeper.expressions.parsing import ExpressionError
from watchkeeper.monitors.conditions.names import rule_names

_DIALECT = parsing.Dialect(
    None,
    root="reference",
    qualified=True,
    kind="condition",
    empty="write a comparison of a metric, such as accuracy < 0.9",
    bare="is the whole reference; name a metric of it, as in reference.accuracy",
    member="metrics have no fields; only `reference.` stands before a metric",
    brackets='brackets at {at} are not supported; a column stands in parentheses: psi("temp")',
    objects="use metrics, numbers, operators and functions",
)
_REPORTED = re.compile(r"[A-Za-z_]\w*@[\w.]+")
_BINDING = {
    "?:": 0, "||": 1, "&&": 2, "<": 3, "<=": 3, ">": 3, ">=": 3, "==": 3, "!=": 3, "in": 3,
    "+": 4, "-": 4, "*": 5, "/": 5, "%": 5, "!": 6, "neg": 6,
}  # fmt: skip
_LEAF = 7


def read(text: str) -> Node:
    """The tree of a condition.

    Raises
    ------
    RuleError
        It is no CEL; an `ExpressionError` where a place can be named.

    Examples
    --------
    >>> read("latency_ms@p95 > 200")
    Traceback (most recent call last):
    watchkeeper.expressions.parsing.ExpressionError: ...; write latency_ms_p95 for latency_ms@p95
    """
    try:
        return parsing.parse(text, _DIALECT)
    except ExpressionError as error:
        reported = _REPORTED.search(text)
        if reported is None:
            raise
        hint = f"; write {rule_names(reported[0])[0]} for {reported[0]}"
        raise ExpressionError(str(error) + hint, error.at) from error


def write(node: Node) -> str:
    """A tree as text, with no more parentheses than it needs.

    Examples
    --------
    >>> write(read('(a  - reference.a) *100 > -(1 + 2) || f("x",[2])'))
    '(a - reference.a) * 100 > -(1 + 2) || f("x", [2])'
    """
    if isinstance(node, Literal):
        return _constant(node)
    if isinstance(node, Items):
        return "[" + ", ".join(map(write, node.items)) + "]"
    root = f"{node.of}." if node.of else ""
    if isinstance(node, Name):
        return root + node.name
    if root or node.name not in _BINDING:
        return f"{root}{node.name}({', '.join(map(write, node.arguments))})"
    return _operator(node)


def _operator(node: Call) -> str:
    binding = _BINDING[node.name]
    if len(node.arguments) == 1:
        return {"neg": "-"}.get(node.name, node.name) + _within(node.arguments[0], binding)
    if node.name == "?:":
        condition, yes, no = (_within(part, 1) for part in node.arguments)
        return f"{condition} ? {yes} : {no}"
    first, *rest = node.arguments
    parts = [_within(first, binding), *(_within(part, binding + 1) for part in rest)]
    return f" {node.name} ".join(parts)


def _within(node: Node, binding: int) -> str:
    """In parentheses where the operator around it binds more tightly."""
    own = _BINDING.get(node.name, _LEAF) if isinstance(node, Call) and not node.of else _LEAF
    return f"({write(node)})" if own < binding else write(node)


def _constant(node: Literal) -> str:
    value = node.value
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return repr(value)
