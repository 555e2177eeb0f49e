"""What Watchkeeper knows of a model: its columns, their kinds and roles, and its thresholds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum


class Kind(StrEnum):
    """How a column is measured."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"
    DATETIME = "datetime"
    TEXT = "text"


class Task(StrEnum):
    """What the model predicts."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"
    RANKING = "ranking"


class Role(StrEnum):
    """What a column is to the model."""

    FEATURE = "feature"
    LABEL = "label"
    PREDICTION = "prediction"
    SCORE = "score"
    ID = "id"
    TIMESTAMP = "timestamp"
    GROUP = "group"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Constraint:
    """What a column's values must satisfy (REQUIREMENTS Q1, Q2); None means 'not declared'.

    Attributes
    ----------
    required
        Whether the column must be there.
    dtype
        Its Arrow type; only the family (whole numbers and numbers, text, booleans, times) counts.
        Where it is None the type of the reference is expected.
    max_missing
        The largest share of rows without a value.
    minimum, maximum
        The smallest and largest allowed value, both allowed themselves; for dates ISO 8601 text,
        which is UTC where it names no offset.
    max_out_of_range, max_unseen, max_pattern_mismatch
        The largest share of values outside the range, outside `values`, or against the pattern
        or the lengths.
    values
        The allowed categories.
    pattern
        The name of a pattern (`email`, `phone`, `url`, `uuid`, `date`) or a regular expression;
        the whole value must match.
    min_length, max_length
        Allowed lengths in characters.
    unique
        Whether each value may occur once; only for the id column.
    allow_constant
        Whether one value alone may fill the column; None: only where the reference has just one.
    """

    required: bool = True
    dtype: str | None = None
    max_missing: float | None = None
    minimum: float | str | None = None
    maximum: float | str | None = None
    max_out_of_range: float | None = None
    values: tuple[str, ...] | None = None
    max_unseen: float | None = None
    pattern: str | None = None
    max_pattern_mismatch: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    unique: bool = False
    allow_constant: bool | None = None

    def limits(self) -> tuple[float | None, float | None]:
        """The smallest and largest allowed value as numbers, dates as seconds since 1970 UTC.

        Examples
        --------
        >>> Constraint(minimum="1970-01-02", maximum=7).limits()
        (86400.0, 7.0)
        """
        return _number(self.minimum), _number(self.maximum)


def _number(value: float | str | None) -> float | None:
    """A limit as a number; a `ValueError` where a text is no ISO 8601 time."""
    if value is None:
        return None
    if not isinstance(value, str):
        return float(value)
    time = datetime.fromisoformat(value)
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a model's data."""

    name: str
    kind: Kind
    role: Role = Role.FEATURE
    constraint: Constraint = field(default_factory=Constraint)


@dataclass(frozen=True, slots=True)
class Rule:
    """A row rule: a CEL expression over column names that must hold for `target` of the rows."""

    name: str
    expression: str
    target: float = 1.0
    severity: str = "warning"


@dataclass(frozen=True, slots=True)
class Check:
    """A limit on one metric that the user has written, beside the default checks.

    Attributes
    ----------
    metric
        The metric's name, as in the metric reference.
    column
        The column of a drift metric; None for a metric of the whole model.
    warn_below, fail_below, warn_above, fail_above
        Absolute limits of the current value.
    warn_drop, fail_drop
        Limits of how much worse than the reference it may get, as a share of the reference.
    severity
        `warning` or `critical`.
    """

    metric: str
    column: str | None = None
    warn_below: float | None = None
    fail_below: float | None = None
    warn_above: float | None = None
    fail_above: float | None = None
    warn_drop: float | None = None
    fail_drop: float | None = None
    severity: str = "warning"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What `check` fails on; the defaults are those of the requirements.

    Shares are fractions, 0.05 for 5 %. `docs/reference/model-file.md` says what each one does.
    """

    alpha: float = 0.05
    correction: str = "benjamini-hochberg"
    tolerance: float = 0.05
    tolerance_missing: float = 0.02
    min_rows: int = 100
    psi_moderate: float = 0.1
    psi_significant: float = 0.2
    max_missing: float = 0.05
    max_out_of_range: float = 0.01
    max_unseen: float = 0.01
    max_pattern_mismatch: float = 0.01
    max_duplicates: float = 0.01
    cardinality_change: float = 0.10
    drop_warning: float = 0.05
    drop_critical: float = 0.10
    auc_warning: float = 0.75
    auc_critical: float = 0.70
    completeness: float = 0.99
    accuracy: float = 0.95
    consistency: float = 0.98
    timeliness_hours: float = 1.0
    validity: float = 0.99
    fail_on: tuple[str, ...] = ("drift", "performance", "quality", "schema", "rules")


@dataclass(frozen=True, slots=True)
class Model:
    """A model as Watchkeeper sees it.

    Attributes
    ----------
    columns
        Every column that is measured, in the order of the data.
    task
        What is predicted; None where there is neither label nor prediction.
    label, prediction, score, id, timestamp, group
        Names of the columns that play these roles. `group` is the query or list that a ranking
        belongs to.
    scores
        For multi-class models: the column that holds the probability of each class.
    classes
        The classes, in order; for a binary model (negative, positive).
    threshold
        The score at and above which a binary model says the positive class.
    segments, sensitive
        Columns by which everything is also measured, and columns over which fairness is measured.
    ranks
        The k of precision@k, recall@k and NDCG@k.
    segment_limit
        Values of a segment column that get a segment of their own, the most frequent first.
    rules, checks, thresholds
        Row rules, further limits on metrics, and the limits of the default checks.
    """

    name: str
    columns: tuple[Column, ...]
    task: Task | None = None
    label: str | None = None
    prediction: str | None = None
    score: str | None = None
    scores: tuple[tuple[str, str], ...] = ()
    classes: tuple[str, ...] = ()
    threshold: float = 0.5
    id: str | None = None
    timestamp: str | None = None
    group: str | None = None
    segments: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    ranks: tuple[int, ...] = (5, 10)
    segment_limit: int = 20
    rules: tuple[Rule, ...] = ()
    checks: tuple[Check, ...] = ()
    thresholds: Thresholds = field(default_factory=Thresholds)

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def measured(self) -> tuple[Column, ...]:
        """The columns that a profile holds: all but ids and ignored ones."""
        skip = {Role.ID, Role.IGNORED, Role.GROUP}
        return tuple(column for column in self.columns if column.role not in skip)
