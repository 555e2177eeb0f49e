"""What may be wrong with rules that can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from watchkeeper.core.durations import format_duration
from watchkeeper.core.errors import RuleError
from watchkeeper.files.problems import Problem
from watchkeeper.monitors.conditions import plan
from watchkeeper.monitors.conditions.compiling import compile_condition
from watchkeeper.monitors.conditions.names import Known, Vocabulary
from watchkeeper.monitors.conditions.plan import Condition, Series
from watchkeeper.monitors.rule import Group, Rule

RUNBOOKS = ("runbook", "runbook_url")
"""Annotations that say what to do."""


def lint(groups: Sequence[Group], vocabulary: Vocabulary) -> list[Problem]:
    """Everything about rules that a person should look at, in the order of the file.

    Examples
    --------
    >>> words = Vocabulary([Known("accuracy", "share", "lower", lowest=0.0, highest=1.0)])
    >>> rule = Rule("Bad", "accuracy < -0.5", annotations={"runbook": "drop"}, line=1, column=1)
    >>> for problem in lint([Group("g", (rule,))], words):
    ...     print(problem)
    line 1, column 1: warning: Bad has no severity; add P0, P1, P2 or P3
    line 1, column 1: warning: accuracy < -0.5 is never true: accuracy is at least 0
    """
    found: list[Problem] = []
    for group in groups:
        for rule in group.rules:
            found += [_warning(rule, told) for told in _of_rule(rule, group)]
            for text in filter(None, (rule.expr, rule.clear)):
                found += _of_text(text, rule, vocabulary)
        found += [
            _warning(rule, f"{rule.alert} is there before with the same labels: their alerts "
                     "cannot be told apart; add a label or another name")
            for rule in _repeated(group.rules)
        ]  # fmt: skip
    return sorted(found, key=lambda problem: (problem.line, problem.column))


def _warning(rule: Rule, told: str) -> Problem:
    return Problem(rule.line, rule.column, told, "warning")


def _of_rule(rule: Rule, group: Group) -> Iterator[str]:
    """What may be wrong whatever the condition is."""
    if rule.severity is None and "severity" not in rule.labels:
        yield f"{rule.alert} has no severity; add P0, P1, P2 or P3"
    if not any(name in rule.annotations for name in RUNBOOKS):
        yield f"{rule.alert} has no runbook; say under annotations what to do, as `runbook_url`"
    for key, length in (("for", rule.for_), ("keep_firing_for", rule.keep_firing_for)):
        if length % group.interval:
            longer = group.interval * -(-length // group.interval)
            yield (
                f"{rule.alert} has {key} {format_duration(length)}, and is evaluated every "
                f"{format_duration(group.interval)}: it is as {format_duration(longer)}"
            )


def _of_text(text: str, rule: Rule, vocabulary: Vocabulary) -> Iterator[Problem]:
    """What may be wrong with a condition."""
    try:
        condition = compile_condition(text, vocabulary)
    except RuleError as error:
        yield Problem(rule.line, rule.column, str(error))
        return
    checks: list[Callable[[Condition], Iterator[str]]] = [_bounds]
    if text == rule.expr:
        checks.append(_sides)
    for check in checks:
        yield from (_warning(rule, told) for told in check(condition))
    drift = next((one for one in condition.series() if one.known.takes == "column"), None)
    if drift is not None and rule.min_rows <= 1 and text == rule.expr:
        name = drift.known.names[0]
        yield _warning(
            rule, f"{name} of few rows is noise; set min_rows, such as 500, so that few are no data"
        )


def _comparisons(condition: Condition) -> Iterator[tuple[plan.Compare, bool]]:
    """Every comparison, and whether it stands below an odd number of `!`."""
    waiting: list[tuple[plan.Plan, bool]] = [(condition.plan, False)]
    while waiting:
        part, turned = waiting.pop(0)
        if isinstance(part, plan.Compare):
            yield part, turned
        elif isinstance(part, plan.Not):
            waiting.append((part.part, not turned))
        elif isinstance(part, plan.Join):
            waiting += [(one, turned) for one in part.parts]


def _bounds(condition: Condition) -> Iterator[str]:
    """Comparisons with a limit that the metric cannot get beyond."""
    for part, _ in _comparisons(condition):
        if not isinstance(part.left, Series) or not isinstance(part.right, plan.Constant):
            continue
        if part.left.part == "rows":
            continue
        told = _beyond(part.left.known, part.operator, part.right.value)
        if told:
            shown = condition.comparisons[part.index]
            yield f"{shown.name} {shown.operator} {shown.limit} {told}"


def _beyond(known: Known, operator: str, limit: float) -> str:
    """Why a comparison is always decided; an empty text where it is not."""
    name, lowest, highest = known.names[0], known.lowest, known.highest
    if highest is not None and (limit > highest or (limit == highest and operator in (">", "<="))):
        never = operator in (">", ">=", "==")
        return f"is {'never' if never else 'always'} true: {name} is at most {highest:g}"
    if lowest is not None and (limit < lowest or (limit == lowest and operator in ("<", ">="))):
        never = operator in ("<", "<=", "==")
        return f"is {'never' if never else 'always'} true: {name} is at least {lowest:g}"
    return ""


def _sides(condition: Condition) -> Iterator[str]:
    """Comparisons that are true where a metric is good."""
    for part, turned in _comparisons(condition):
        known = _measured(part.left)
        if known is None or known.worse not in ("higher", "lower"):
            continue
        high = part.operator in (">", ">=")
        if not high and part.operator not in ("<", "<="):
            continue
        if (known.worse == "lower") == (high != turned):
            shown = condition.comparisons[part.index]
            way = "lower" if known.worse == "lower" else "higher"
            yield (
                f"{shown.name} {shown.operator} {shown.limit} is true where the model is well: "
                f"{known.names[0]} is worse the {way} it is; turn the comparison around"
            )


def _measured(number: plan.Numeric) -> Known | None:
    """The metric whose direction a number has."""
    if isinstance(number, Series) and number.part != "rows":
        return number.known
    if isinstance(number, plan.Operation) and number.name == "change":
        return _measured(number.arguments[0])
    return None


def _repeated(rules: Sequence[Rule]) -> Iterator[Rule]:
    seen: set[tuple[object, ...]] = set()
    for rule in rules:
        labels = tuple(sorted(rule.labels.items()))
        key = (rule.alert, rule.severity, rule.segment, rule.by_version, labels)
        if key in seen:
            yield rule
        seen.add(key)
