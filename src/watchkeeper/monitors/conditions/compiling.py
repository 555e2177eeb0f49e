"""From the text of a condition to a plan: names are looked up and kinds are checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from watchkeeper.core.errors import RuleError
from watchkeeper.expressions.hints import suggest
from watchkeeper.expressions.nodes import Call, Items, Literal, Name, Node
from watchkeeper.monitors.conditions import plan
from watchkeeper.monitors.conditions.anomalies import TRAFFIC
from watchkeeper.monitors.conditions.arguments import (
    USES,
    Scope,
    check_arity,
    kind_of,
    length_of,
    level_of,
    refusal,
    text_of,
)
from watchkeeper.monitors.conditions.dialect import read, write
from watchkeeper.monitors.conditions.lookup import find_series
from watchkeeper.monitors.conditions.names import Vocabulary
from watchkeeper.monitors.conditions.plan import Comparison, Condition, Logical, Numeric, Series

_COMPARE = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
"""Each comparison, and what it is with its sides exchanged."""


def compile_condition(text: str, vocabulary: Vocabulary) -> Condition:
    """A condition that can be evaluated.

    Parameters
    ----------
    text
        CEL over metrics, true where something is wrong.
    vocabulary
        The names that it may use.

    Raises
    ------
    RuleError
        It cannot be read, names what is not there, or compares what cannot be compared; an
        `ExpressionError` with the place in the text where there is one.

    Examples
    --------
    >>> from watchkeeper.monitors.conditions.names import Known
    >>> words = Vocabulary([Known("accuracy", "share", "lower"), Known("psi", takes="column")])
    >>> condition = compile_condition('0.9 > accuracy || psi("temp") > 0.2', words)
    >>> condition.main.name, condition.main.operator, condition.main.limit
    ('accuracy', '<', '0.9')
    >>> compile_condition("acuracy < 0.9", words)
    Traceback (most recent call last):
    watchkeeper.expressions.parsing.ExpressionError: there is no metric 'acuracy' at line 1, ...
    """
    compiler = _Compiler(vocabulary)
    logic = compiler.truth(read(text), Scope())
    if not compiler.comparisons:
        raise RuleError(
            f"the condition {text!r} measures nothing; compare a metric, as in accuracy < 0.9"
        )
    return Condition(text, logic, tuple(compiler.comparisons))


@dataclass
class _Compiler:
    """Compiles one condition, and collects its comparisons."""

    vocabulary: Vocabulary
    comparisons: list[Comparison] = field(default_factory=list)

    # ---- truth values ------------------------------------------------------------------------

    def truth(self, node: Node, scope: Scope) -> Logical:
        """A part that must be a truth value."""
        if isinstance(node, Literal) and isinstance(node.value, bool):
            return plan.Fixed(node.value)
        if isinstance(node, Call) and not node.of and self.is_truth(node):
            return _TRUTHS[node.name](self, node, scope)
        if isinstance(node, Call) and node.name == "in":
            raise refusal(node, "`in` is not supported", "; join comparisons with ||")
        example = write(node) if isinstance(node, Name | Call) else "accuracy"
        raise refusal(node, kind_of(node), f"; compare it, as in {example} < 0.9")

    def is_truth(self, node: Node) -> bool:
        """Whether a part is a truth value, as far as its outermost operator says."""
        if isinstance(node, Literal):
            return isinstance(node.value, bool)
        if not isinstance(node, Call) or node.of:
            return False
        if node.name == "over" and node.arguments:
            return self.is_truth(node.arguments[0])
        if node.name == "?:":
            return self.is_truth(node.arguments[1])
        return node.name in _TRUTHS and node.name != "over"

    def join(self, node: Call, scope: Scope) -> Logical:
        """`&&` and `||`; what only asks for rows goes last, so that messages tell of the rest."""
        parts = sorted((self.truth(part, scope) for part in node.arguments), key=self._is_guard)
        return plan.Join("&&" if node.name == "&&" else "||", tuple(parts))

    def contrary(self, node: Call, scope: Scope) -> Logical:
        """`!`."""
        return plan.Not(self.truth(node.arguments[0], scope))

    def chosen(self, node: Call, scope: Scope) -> Logical:
        """`c ? a : b` of truth values."""
        condition, yes, no = (self.truth(part, scope) for part in node.arguments)
        return plan.Either(condition, yes, no)

    def compare(self, node: Call, scope: Scope) -> Logical:
        """A comparison, turned so that what is measured stands on its left."""
        index = self._reserve()
        left, right = (self._side(side, node, scope) for side in node.arguments)
        name, limit = (write(side) for side in node.arguments)
        operator = node.name
        if not _measures(left) and _measures(right):
            left, right, name, limit = right, left, limit, name
            operator = _COMPARE[operator]
        if not _measures(left):
            raise refusal(node, f"{write(node)} measures nothing", "; compare a metric")
        guard = isinstance(left, Series) and left.part == "rows"
        self.comparisons[index] = Comparison(name, operator, limit, _unit(left), guard)
        return plan.Compare(operator, left, right, index)

    def absent(self, node: Call, scope: Scope) -> Logical:
        """`absent(volume, "15m")`."""
        check_arity(node, 2, 2)
        index = self._reserve()
        length = length_of(node.arguments[1])
        series = replace(self._series(node, scope), window=length)
        limit = text_of(node.arguments[1]) or ""
        of_traffic = (
            series.known.metric in TRAFFIC and series.side == "current" and not series.offset
        )
        unit = "s" if of_traffic else _unit(series)
        self.comparisons[index] = Comparison(write(node.arguments[0]), "absent", limit, unit)
        return plan.Absent(series, length, index, of_traffic)

    def anomaly(self, node: Call, scope: Scope) -> Logical:
        """`anomaly(volume, "critical")`."""
        check_arity(node, 1, 2)
        index = self._reserve()
        series, level = self._series(node, scope), level_of(node)
        if series.side == "reference" or series.offset:
            raise refusal(node, "anomaly() is asked of now", f"; write {USES['anomaly']}")
        unit = series.known.unit
        self.comparisons[index] = Comparison(write(node.arguments[0]), "anomaly", level, unit)
        return plan.Anomaly(series, level, index)

    def over_truth(self, node: Call, scope: Scope) -> Logical:
        """`over(a < b, "6h")`."""
        return self.truth(node.arguments[0], self._over(node, scope))

    # ---- numbers -----------------------------------------------------------------------------

    def number(self, node: Node, scope: Scope) -> Numeric:
        """A part that must be a number."""
        if isinstance(node, Items) or self.is_truth(node):
            raise refusal(node, kind_of(node).replace("a number", "a truth value"),
                          "; a number is needed here")  # fmt: skip
        if isinstance(node, Literal):
            if not isinstance(node.value, int | float):
                raise refusal(node, kind_of(node), "; a number is needed here")
            return plan.Constant(float(node.value))
        if isinstance(node, Name) and not node.of and node.name in self.vocabulary.constants:
            return plan.Parameter(node.name)
        make = _NUMBERS.get(node.name) if isinstance(node, Call) and not node.of else None
        if make is not None and isinstance(node, Call):
            return make(self, node, scope)
        if isinstance(node, Call) and node.name == "in":
            raise refusal(node, "`in` is not supported", "; join comparisons with ||")
        return find_series(node, scope, self.vocabulary)

    def arithmetic(self, node: Call, scope: Scope) -> Numeric:
        """Operators, `abs`, `min` and `max`."""
        if node.name in USES:
            check_arity(node, 1, 1 if node.name == "abs" else 100)
        return plan.Operation(node.name, tuple(self.number(a, scope) for a in node.arguments))

    def choice(self, node: Call, scope: Scope) -> Numeric:
        """`c ? a : b` of numbers."""
        condition, yes, no = node.arguments
        test = self.quiet(lambda: self.truth(condition, scope))
        return plan.Choice(test, self.number(yes, scope), self.number(no, scope))

    def over(self, node: Call, scope: Scope) -> Numeric:
        """`over(f1, "6h")`."""
        return self.number(node.arguments[0], self._over(node, scope))

    def moved(self, node: Call, scope: Scope) -> Numeric:
        """`change` and `delta`: a number, and the same number so long ago."""
        check_arity(node, 2, 2)
        value, ago = node.arguments
        earlier = replace(scope, offset=scope.offset + length_of(ago))
        now = self.number(value, scope)
        if not any(isinstance(part, Series) and part.side == "current" for part in plan.below(now)):
            raise refusal(node, f"{node.name}() takes a metric", f"; write {USES[node.name]}")
        then = self.quiet(lambda: self.number(value, earlier))
        return plan.Operation("change" if node.name == "change" else "-", (now, then))

    def count(self, node: Call, scope: Scope) -> Numeric:
        """`count(features, psi > 0.25)`."""
        check_arity(node, 2, 2)
        through, body = node.arguments
        if not isinstance(through, Name) or through.name != "features" or through.of:
            raise refusal(through, "count() goes through features", f"; write {USES['count']}")
        if scope.each:
            raise refusal(node, "count() cannot stand in count()")
        return plan.Count(self.quiet(lambda: self.truth(body, replace(scope, each=True))))

    def burn_rate(self, node: Call, scope: Scope) -> Numeric:
        """`burn_rate(availability, "1h")`."""
        check_arity(node, 2, 2)
        if scope.offset:
            raise refusal(node, "burn_rate() cannot be asked of a time before")
        name, slos = text_of(node.arguments[0]), self.vocabulary.slos
        if name is None:
            raise refusal(node, "burn_rate() takes an SLO", f"; write {USES['burn_rate']}")
        if slos is not None and name not in slos and not (name == "slo" and len(slos) == 1):
            hint = suggest(name, slos) or f"; there are {', '.join(slos) or 'none'}"
            raise refusal(node.arguments[0], f"there is no SLO {name!r}", hint)
        return plan.Burn(name, length_of(node.arguments[1]))

    def part(self, node: Call, scope: Scope) -> Numeric:
        """`low`, `high` and `rows`."""
        check_arity(node, 1, 1)
        inner = self.number(node.arguments[0], scope)
        if not isinstance(inner, Series | plan.Burn) or inner.part != "value":
            raise refusal(node, f"{node.name}() takes one metric", f"; write {USES[node.name]}")
        return replace(inner, part=_PARTS[node.name])

    # ---- inside ------------------------------------------------------------------------------

    def quiet(self, make: Callable[[], _Made]) -> _Made:
        """What is made, without its comparisons: they are of no use to a message."""
        held = len(self.comparisons)
        made = make()
        del self.comparisons[held:]
        return made

    def _is_guard(self, part: Logical) -> bool:
        return isinstance(part, plan.Compare) and self.comparisons[part.index].guard

    def _reserve(self) -> int:
        """A place among the comparisons, in the order of the text."""
        self.comparisons.append(Comparison("", "", ""))
        return len(self.comparisons) - 1

    def _side(self, side: Node, node: Call, scope: Scope) -> Numeric:
        if self.is_truth(side):
            told = f"a truth value stands beside {node.name}"
            where = node if isinstance(side, Literal) else side  # The parser places no `true`.
            raise refusal(where, told, "; join comparisons with &&, as in a < b && b < c")
        return self.number(side, scope)

    def _over(self, node: Call, scope: Scope) -> Scope:
        check_arity(node, 2, 2)
        return replace(scope, window=length_of(node.arguments[1]))

    def _series(self, node: Call, scope: Scope) -> Series:
        """The first argument, which must be a metric."""
        argument = node.arguments[0]
        found = None if self.is_truth(argument) else self.number(argument, scope)
        if not isinstance(found, Series) or found.part != "value":
            raise refusal(argument, f"{node.name}() takes one metric", f"; write {USES[node.name]}")
        return found


_Make = Callable[[_Compiler, Call, Scope], Logical]
_Made = TypeVar("_Made", bound=plan.Plan)
_TRUTHS: dict[str, _Make] = {
    **dict.fromkeys(_COMPARE, _Compiler.compare),
    "&&": _Compiler.join,
    "||": _Compiler.join,
    "!": _Compiler.contrary,
    "?:": _Compiler.chosen,
    "absent": _Compiler.absent,
    "anomaly": _Compiler.anomaly,
    "over": _Compiler.over_truth,
}
_NUMBERS: dict[str, Callable[[_Compiler, Call, Scope], Numeric]] = {
    **dict.fromkeys(("+", "-", "*", "/", "%", "neg", "abs", "min", "max"), _Compiler.arithmetic),
    "?:": _Compiler.choice,
    "over": _Compiler.over,
    "change": _Compiler.moved,
    "delta": _Compiler.moved,
    "count": _Compiler.count,
    "burn_rate": _Compiler.burn_rate,
    "low": _Compiler.part,
    "high": _Compiler.part,
    "rows": _Compiler.part,
}
_PARTS: dict[str, plan.Part] = {"low": "low", "high": "high", "rows": "rows"}


def _measures(number: Numeric) -> bool:
    """Whether a number is measured now, and not only on the reference."""
    return any(
        isinstance(part, plan.Burn | plan.Count)
        or (isinstance(part, Series) and part.side == "current")
        for part in plan.below(number)
    )


def _unit(number: Numeric) -> str:
    if isinstance(number, plan.Operation) and number.name == "change":
        return "share"
    if isinstance(number, Series):
        return "rows" if number.part == "rows" else number.known.unit
    return ""
