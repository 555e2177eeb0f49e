"""From the name of a metric in a condition to the series that it stands for."""

from __future__ import annotations

from dataclasses import replace

from watchkeeper.expressions.hints import suggest
from watchkeeper.expressions.nodes import Call, Name, Node
from watchkeeper.expressions.parsing import ExpressionError
from watchkeeper.monitors.conditions.arguments import USES, Scope, refusal, text_of
from watchkeeper.monitors.conditions.names import Vocabulary
from watchkeeper.monitors.conditions.plan import Series


def find_series(node: Name | Call, scope: Scope, vocabulary: Vocabulary) -> Series:
    """The series of a metric.

    Raises
    ------
    ExpressionError
        There is no such metric, or what stands in its parentheses does not fit.
    """
    known = vocabulary.find(node.name)
    if known is None:
        raise _unknown(node, vocabulary)
    if node.of and known.compares:
        told = f"{node.name} compares with the reference by itself"
        raise refusal(node, told, "; leave out `reference.`")
    series = Series(
        known,
        window=scope.window,
        offset=scope.offset,
        side="reference" if node.of else "current",
    )
    arguments = node.arguments if isinstance(node, Call) else ()
    if known.takes == "nothing":
        if isinstance(node, Call):
            raise refusal(node, f"{node.name} takes nothing", "; write it without parentheses")
        return series
    if not arguments:
        return _bare(node, series, scope)
    return _of_argument(node, series, arguments, vocabulary)


def _of_argument(
    node: Name | Call, series: Series, arguments: tuple[Node, ...], vocabulary: Vocabulary
) -> Series:
    known = series.known
    argument = text_of(arguments[0]) if len(arguments) == 1 else None
    if argument is None:
        what = "outcome" if known.takes == "name" else "column"
        raise refusal(node, f"{node.name} takes one {what}", f'; write {node.name}("name")')
    if known.takes == "name":
        return replace(series, known=replace(known, metric=f"{known.metric}@{argument}"))
    columns = vocabulary.columns
    if columns is not None and argument not in columns:
        hint = suggest(argument, columns)
        raise refusal(arguments[0], f"there is no column {argument!r}", hint)
    return replace(series, column=argument)


def _bare(node: Name | Call, series: Series, scope: Scope) -> Series:
    """A metric without the argument that it may have."""
    name = node.name
    if series.known.takes == "group":
        return series
    if series.known.takes == "name":
        told = f"{name} is measured on an outcome"
        raise refusal(node, told, f'; name it, as in {name}("revenue")')
    if scope.each:
        return replace(series, each=True)
    raise refusal(
        node,
        f"{name} is measured on a column",
        f'; name one, as in {name}("temp"), or go through all, as in '
        f"count(features, {name} > 0.2) >= 1",
    )


def _unknown(node: Name | Call, vocabulary: Vocabulary) -> ExpressionError:
    name = node.name
    if isinstance(node, Call) and not node.of:
        hint = suggest(name, [*USES, *vocabulary.names]) or f"; functions are {', '.join(USES)}"
        return refusal(node, f"there is no function or metric {name!r}", hint)
    if name in USES:
        return refusal(node, f"{name} is a function", f"; write {USES[name]}")
    if name == "features":
        return refusal(node, "features stand in count() only", f"; write {USES['count']}")
    hint = vocabulary.hint(name) or "; `watchkeeper metrics` lists them"
    return refusal(node, f"there is no metric {name!r}", hint)
