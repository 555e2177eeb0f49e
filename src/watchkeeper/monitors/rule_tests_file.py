"""Files of rule tests, in the shape that `promtool test rules` reads.

::

    rule_files: [rules.yaml]
    evaluation_interval: 1m
    tests:
      - name: accuracy falls
        interval: 1m
        input_series:
          - series: accuracy{model="flights"}
            values: 0.95x10 0.80x5 _x3
            rows: 1000x20
        alert_rule_test:
          - eval_time: 12m
            alertname: LowAccuracy
            exp_alerts:
              - exp_labels: {model: flights, severity: P1}

Beyond promtool's: `rows`, `low` and `high` of a series; `reference.` before its name; the labels
`column`, `window` and, for outcomes, `name`; `constants`; `input_events` of SLOs. Where a test
gives no `exp_annotations`, annotations are not compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final, TypeVar

from watchkeeper.core.alert import NAME
from watchkeeper.core.durations import parse_duration
from watchkeeper.core.errors import InputError
from watchkeeper.files.nodes import Fields, Node, is_nothing
from watchkeeper.monitors.conditions.names import Known, Vocabulary
from watchkeeper.monitors.rule_file import RuleFileError
from watchkeeper.monitors.rule_file_nodes import Document
from watchkeeper.monitors.rule_tests_series import expand, parse_series
from watchkeeper.monitors.rule_tests_source import Events, Listed
from watchkeeper.monitors.source import Floats

_T = TypeVar("_T")
_SECOND: Final = timedelta(seconds=1)
_MINUTE: Final = timedelta(minutes=1)
_FILE: Final = ("rule_files", "evaluation_interval", "group_eval_order", "tests")
_TEST: Final = (
    "name", "interval", "input_series", "input_events", "constants", "alert_rule_test",
)  # fmt: skip
_SERIES: Final = ("series", "values", "rows", "low", "high")
_EVENTS: Final = ("slo", "objective", "bad", "total")
_CHECK: Final = ("eval_time", "alertname", "exp_alerts")
_EXPECTED: Final = ("exp_labels", "exp_annotations")


@dataclass(frozen=True, slots=True)
class Expected:
    """An alert that should fire; annotations of None are not compared."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """The alerts of one name that should fire at one time, all of them, and no other."""

    eval_time: timedelta
    alertname: str
    expected: tuple[Expected, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class RuleTest:
    """Series, and what should fire over them; the values lie `interval` apart."""

    name: str
    interval: timedelta = _MINUTE
    series: tuple[Listed, ...] = ()
    checks: tuple[Check, ...] = ()
    constants: Mapping[str, float] = field(default_factory=dict)
    events: Mapping[str, Events] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuleTestFile:
    """A file of tests.

    Attributes
    ----------
    rule_files
        Where the rules are, beside this file; they may hold `*`.
    interval
        How often rules are evaluated, whatever their groups say.
    tests
        In order.
    """

    rule_files: tuple[str, ...]
    interval: timedelta
    tests: tuple[RuleTest, ...]


def read_rule_tests(
    text: str, vocabulary: Vocabulary, *, source: str = "the test file"
) -> RuleTestFile:
    r"""A file of tests.

    Parameters
    ----------
    text
        YAML.
    vocabulary
        The names that series may have.
    source
        What to call the file in an error.

    Raises
    ------
    RuleFileError
        With everything that is wrong, each with line and column.

    Examples
    --------
    >>> words = Vocabulary([Known("accuracy", worse="lower")])
    >>> file = read_rule_tests("tests:\n- input_series: [{series: accuracy, values: 1x3}]", words)
    >>> file.tests[0].series[0].values.tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    reader = _Reader(Document(source), vocabulary)
    file = reader.file(text)
    if reader.document.problems:
        raise RuleFileError(source, reader.document.problems)
    return file


@dataclass
class _Reader:
    """Reads one file."""

    document: Document
    vocabulary: Vocabulary

    def file(self, text: str) -> RuleTestFile:
        """All of it."""
        root = self.document.compose(text)
        fields = {} if root is None else self.document.mapping(root, "a test file", _FILE)
        if root is not None and "tests" not in fields:
            self.document.wrong(root, "the file holds no tests; add `tests:`")
        return RuleTestFile(
            tuple(self._texts(fields, "rule_files")),
            self._length(fields, "evaluation_interval"),
            tuple(self._each(fields, "tests", self._test)),
        )

    def _test(self, node: Node) -> RuleTest | None:
        fields = self.document.mapping(node, "a test", _TEST)
        events = self._each(fields, "input_events", self._slo)
        given = None if is_nothing(fields.get("constants")) else fields["constants"]
        constants = {
            name: self.document.number(value, f"the constant {name!r}")
            for name, value in self.document.mapping(given, "constants").items()
        }
        line = node.start_mark.line + 1
        return RuleTest(
            self._text(fields, "name") or f"the test at line {line}",
            self._length(fields, "interval"),
            tuple(self._each(fields, "input_series", self._series)),
            tuple(self._each(fields, "alert_rule_test", self._check)),
            {name: number for name, number in constants.items() if number is not None},
            dict(events),
        )

    def _series(self, node: Node) -> Listed | None:
        fields = self.document.mapping(node, "a series", _SERIES)
        values = self._values(fields, "values", node)
        written = self._needed(fields, "series", node)
        if values is None or written is None:
            return None
        listed = self._tried(fields["series"], lambda: self._named(written, values))
        if listed is None:
            return None
        rows, low, high = (
            self._values(fields, part, node) if part in fields else None
            for part in ("rows", "low", "high")
        )
        return replace(listed, rows=rows, low=low, high=high)

    def _named(self, written: str, values: Floats) -> Listed:
        """A series by its name in conditions."""
        name, of_reference, labels = parse_series(written)
        known = self.vocabulary.find(name)
        if known is None:
            raise InputError(f"there is no metric {name!r}{self.vocabulary.hint(name)}")
        window = labels.pop("window", None)
        return Listed(
            _metric(known, name, labels),
            labels,
            values,
            column=_column(known, name, labels),
            side="reference" if of_reference else "current",
            window=None if window is None else parse_duration(window),
        )

    def _slo(self, node: Node) -> tuple[str, Events] | None:
        fields = self.document.mapping(node, "events", _EVENTS)
        name = self._needed(fields, "slo", node)
        bad, total = (self._values(fields, part, node) for part in ("bad", "total"))
        self._needed(fields, "objective", node)
        objective = None
        if "objective" in fields:
            objective = self.document.number(fields["objective"], "objective", 0.0, 1 - 1e-9)
        if name is None or bad is None or total is None or objective is None:
            return None
        if bad.size != total.size:
            self.document.wrong(node, f"{bad.size} times of `bad`, but {total.size} of `total`")
        return name, Events(bad, total, objective)

    def _check(self, node: Node) -> Check | None:
        fields = self.document.mapping(node, "a check", _CHECK)
        name = self._needed(fields, "alertname", node)
        when = self._needed(fields, "eval_time", node)
        if name is None or when is None:
            return None
        length = self._tried(fields["eval_time"], lambda: parse_duration(when))
        expected = tuple(self._each(fields, "exp_alerts", self._expected))
        return Check(length or timedelta(), name, expected, node.start_mark.line + 1)

    def _expected(self, node: Node) -> Expected | None:
        fields = self.document.mapping(node, "an expected alert", _EXPECTED)
        labels = self._mapping(fields, "exp_labels")
        labels.pop(NAME, None)  # It is the `alertname` of the check.
        told = "exp_annotations" in fields
        return Expected(labels, self._mapping(fields, "exp_annotations") if told else None)

    # ---- values ------------------------------------------------------------------------------

    def _each(self, fields: Fields, key: str, read: Callable[[Node], _T | None]) -> list[_T]:
        if key not in fields or is_nothing(fields[key]):
            return []
        found = (read(node) for node in self.document.items(fields[key], key))
        return [one for one in found if one is not None]

    def _texts(self, fields: Fields, key: str) -> list[str]:
        return self._each(fields, key, lambda node: self.document.content(node, key))

    def _text(self, fields: Fields, key: str) -> str | None:
        return self.document.content(fields[key], key) if key in fields else None

    def _needed(self, fields: Fields, key: str, node: Node) -> str | None:
        if key not in fields:
            self.document.wrong(node, f"{key!r} is missing; add it")
            return None
        return self.document.content(fields[key], key)

    def _length(self, fields: Fields, key: str) -> timedelta:
        if key not in fields:
            return _MINUTE
        length = self.document.duration(fields[key], key, positive=True) or _MINUTE
        if length % _SECOND:
            self.document.wrong(fields[key], f"{key} must be whole seconds")
        return length

    def _values(self, fields: Fields, key: str, node: Node) -> Floats | None:
        written = self._needed(fields, key, node)
        if written is None:
            return None
        return self._tried(fields[key], lambda: expand(written))

    def _mapping(self, fields: Fields, key: str) -> dict[str, str]:
        if key not in fields or is_nothing(fields[key]):
            return {}
        found = self.document.mapping(fields[key], key)
        return {name: self.document.written(value, name) for name, value in found.items()}

    def _tried(self, node: Node, make: Callable[[], _T]) -> _T | None:
        """What is made; where it cannot be, the reason is noted at the node."""
        try:
            return make()
        except InputError as error:
            self.document.wrong(node, str(error))
            return None


def _metric(known: Known, name: str, labels: dict[str, str]) -> str:
    """The metric, of an outcome where it is measured on one."""
    if known.takes != "name":
        return known.metric
    if "name" not in labels:
        raise InputError(f'{name} is measured on an outcome; write {name}{{name="revenue"}}')
    return f"{known.metric}@{labels.pop('name')}"


def _column(known: Known, name: str, labels: dict[str, str]) -> str | None:
    """The column that the metric is measured on; it is no label of alerts."""
    if known.takes not in ("column", "group"):
        return None
    if known.takes == "column" and "column" not in labels:
        raise InputError(f'{name} is measured on a column; write {name}{{column="temp"}}')
    return labels.pop("column", None)
