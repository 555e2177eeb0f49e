"""What Watchkeeper knows of a model: its columns, their kinds and roles, and its thresholds."""

from __future__ import annotations

from dataclasses import dataclass, field
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
    """What a column's values must satisfy (REQUIREMENTS Q1, Q2); None means 'not constrained'."""

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
    allow_constant: bool = True


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
class Thresholds:
    """What `check` fails on; the defaults are those of the requirements."""

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
    fail_on: tuple[str, ...] = ("drift", "performance", "quality", "schema")


@dataclass(frozen=True, slots=True)
class Model:
    """A model as Watchkeeper sees it.

    Attributes
    ----------
    columns
        Every column that is measured, in the order of the data.
    task
        What is predicted; None where there is neither label nor prediction (drift and quality only).
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
