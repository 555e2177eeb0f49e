"""What a model file may hold: one description that reads, checks and documents it.

The fields are those of `core.model`, with a sentence each; the JSON schema for editors and the
reference page are made from them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from watchkeeper.app.model_server import STRICT, PolicyFile, ReferenceFile, RetentionFile
from watchkeeper.core.errors import RuleError
from watchkeeper.core.model import Check, Constraint, Role, Thresholds
from watchkeeper.profiles.cel import parse
from watchkeeper.profiles.patterns import expand
from watchkeeper.profiles.values import text_of

_DEFAULT = Thresholds()


def _texts(value: object) -> object:
    """Constants as texts, as categories are counted: 1 and 1.0 are "1", true is "true"."""
    if isinstance(value, list):
        return [text_of(v) if isinstance(v, (str, bool, int, float)) else v for v in value]
    return value


def _text(value: object) -> object:
    return text_of(value) if isinstance(value, (bool, int, float)) else value


Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
# Editors see a number where a text is meant, as readers do before they make a text of it.
_TEXT = {"type": ["string", "number", "boolean"]}
Texts = Annotated[
    list[str], BeforeValidator(_texts), WithJsonSchema({"type": "array", "items": _TEXT})
]
ColumnName = Annotated[str, BeforeValidator(_text), WithJsonSchema(_TEXT)]
ColumnNames = list[ColumnName]
KindName = Literal["numeric", "categorical", "datetime", "text"]
TaskName = Literal["binary", "multiclass", "regression", "ranking"]
Severity = Literal["warning", "critical"]
Group = Literal["drift", "performance", "quality", "schema", "rules"]


class ColumnFile(BaseModel):
    """A column: how it is measured and what its values must satisfy."""

    model_config = STRICT

    kind: KindName | None = Field(
        default=None, description="How it is measured; inferred where absent."
    )
    required: bool = Field(default=True, description="Whether the column must be there.")
    dtype: str | None = Field(
        default=None,
        description="Arrow type; only its family counts. That of the reference by default.",
    )
    max_missing: Share | None = Field(
        default=None, description="Largest share of rows without a value."
    )
    minimum: float | str | None = Field(
        default=None, description="Smallest allowed value; ISO 8601 text for dates."
    )
    maximum: float | str | None = Field(
        default=None, description="Largest allowed value; ISO 8601 text for dates."
    )
    max_out_of_range: Share | None = Field(
        default=None, description="Largest share of values below minimum or above maximum."
    )
    values: Texts | None = Field(default=None, min_length=1, description="The allowed categories.")
    max_unseen: Share | None = Field(
        default=None,
        description="Largest share of values that are not among the allowed categories.",
    )
    pattern: str | None = Field(
        default=None,
        description="email, phone, url, uuid, date, or a regular expression that the whole value "
        "must match.",
    )
    max_pattern_mismatch: Share | None = Field(
        default=None, description="Largest share of values against the pattern or the lengths."
    )
    min_length: int | None = Field(
        default=None, ge=0, description="Shortest allowed text, in characters."
    )
    max_length: int | None = Field(
        default=None, ge=0, description="Longest allowed text, in characters."
    )
    unique: bool = Field(
        default=False, description="Each value occurs once; only for the id column."
    )
    allow_constant: bool | None = Field(
        default=None,
        description="Whether one value alone may fill the column; by default where the reference "
        "has just one.",
    )

    @model_validator(mode="before")
    @classmethod
    def short_form(cls, data: Any) -> Any:
        """`temp: numeric` stands for `temp: {kind: numeric}`, and an empty entry for nothing."""
        return {"kind": data} if isinstance(data, str) else {} if data is None else data

    @model_validator(mode="after")
    def consistent(self) -> ColumnFile:
        """Limits in order, patterns that can be read, dates that are dates."""
        try:
            low, high = self.constraint().limits()
        except ValueError as error:
            raise ValueError(f"a limit in text must be a time in ISO 8601: {error}") from error
        if low is not None and high is not None and low > high:
            raise ValueError(f"minimum {self.minimum} is above maximum {self.maximum}")
        shortest, longest = self.min_length, self.max_length
        if shortest is not None and longest is not None and shortest > longest:
            raise ValueError(f"min_length {shortest} is above max_length {longest}")
        if self.pattern is not None:
            _readable(expand, self.pattern)
        return self

    def constraint(self) -> Constraint:
        """The constraint of the column."""
        fields = self.model_dump(exclude={"kind"})
        values = fields["values"]
        return Constraint(**{**fields, "values": None if values is None else tuple(values)})


class RuleFile(BaseModel):
    """A row rule."""

    model_config = STRICT

    name: str = Field(min_length=1, description="What to call it in reports.")
    expr: str = Field(description="The condition in CEL over column names.")
    target: Share = Field(default=1.0, description="Share of decided rows on which it must hold.")
    severity: Severity = Field(default="warning", description="How bad it is where it fails.")

    @model_validator(mode="after")
    def readable(self) -> RuleFile:
        """The rule can be parsed; whether it fits the columns shows with the data."""
        _readable(parse, self.expr)
        return self


class CheckFile(BaseModel):
    """A limit on one metric, beside the default checks."""

    model_config = STRICT

    metric: str = Field(min_length=1, description="Name of the metric, as in its reference.")
    column: ColumnName | None = Field(default=None, description="The column of a drift metric.")
    warn_below: float | None = Field(default=None, description="Warn where the value is lower.")
    fail_below: float | None = Field(default=None, description="Fail where the value is lower.")
    warn_above: float | None = Field(default=None, description="Warn where the value is higher.")
    fail_above: float | None = Field(default=None, description="Fail where the value is higher.")
    warn_drop: Share | None = Field(
        default=None, description="Warn where it is worse than the reference by this share of it."
    )
    fail_drop: Share | None = Field(
        default=None, description="Fail where it is worse than the reference by this share of it."
    )
    severity: Severity = Field(default="warning", description="How bad it is where it fails.")

    @model_validator(mode="after")
    def limited(self) -> CheckFile:
        """A check without a limit checks nothing."""
        limits = ("warn_below", "fail_below", "warn_above", "fail_above", "warn_drop", "fail_drop")
        if all(getattr(self, limit) is None for limit in limits):
            raise ValueError(
                f"the check of {self.metric!r} has no limit; set one of {', '.join(limits)}"
            )
        return self

    def check(self) -> Check:
        """The check as the core knows it."""
        return Check(**self.model_dump())


class ThresholdsFile(BaseModel):
    """The limits of the default checks."""

    model_config = STRICT

    alpha: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=_DEFAULT.alpha,
        description="False alarms that are accepted where nothing has drifted.",
    )
    correction: Literal["benjamini-hochberg", "holm", "bonferroni", "none"] = Field(
        default="benjamini-hochberg",
        description="Correction of p-values for the number of columns.",
    )
    tolerance: Share = Field(
        default=_DEFAULT.tolerance,
        description="Distance between two distributions that is too small to matter (largest "
        "difference of shares).",
    )
    tolerance_missing: Share = Field(
        default=_DEFAULT.tolerance_missing,
        description="Change of the missing share that does not matter.",
    )
    min_rows: int = Field(
        default=_DEFAULT.min_rows, ge=2, description="Rows below which there is not enough data."
    )
    psi_moderate: Positive = Field(
        default=_DEFAULT.psi_moderate, description="PSI from which the reading is 'moderate'."
    )
    psi_significant: Positive = Field(
        default=_DEFAULT.psi_significant, description="PSI from which the reading is 'significant'."
    )
    max_missing: Share = Field(
        default=_DEFAULT.max_missing,
        description="Largest share of missing values of a column that declares none; where the "
        "reference misses more, as much as the reference may miss.",
    )
    max_out_of_range: Share = Field(
        default=_DEFAULT.max_out_of_range, description="Largest share of values out of range."
    )
    max_unseen: Share = Field(
        default=_DEFAULT.max_unseen, description="Largest share of values of unseen categories."
    )
    max_pattern_mismatch: Share = Field(
        default=_DEFAULT.max_pattern_mismatch,
        description="Largest share of values against a pattern or a length.",
    )
    max_duplicates: Share = Field(
        default=_DEFAULT.max_duplicates,
        description="Largest share of rows that repeat another one.",
    )
    cardinality_change: Positive = Field(
        default=_DEFAULT.cardinality_change,
        description="Largest change of the number of categories, as a share of the expected one.",
    )
    drop_warning: Share = Field(
        default=_DEFAULT.drop_warning,
        description="Warn where accuracy, F1 or another metric is worse than the reference by this "
        "share of it.",
    )
    drop_critical: Share = Field(default=_DEFAULT.drop_critical, description="The same, to fail.")
    auc_warning: Share = Field(
        default=_DEFAULT.auc_warning, description="Warn where the ROC AUC is lower."
    )
    auc_critical: Share = Field(default=_DEFAULT.auc_critical, description="The same, to fail.")
    completeness: Share = Field(
        default=_DEFAULT.completeness, description="Target share of cells with a value."
    )
    accuracy: Share = Field(
        default=_DEFAULT.accuracy, description="Target share of values like those of the reference."
    )
    consistency: Share = Field(
        default=_DEFAULT.consistency,
        description="Target share of rows that satisfy every row rule.",
    )
    timeliness_hours: Positive = Field(
        default=_DEFAULT.timeliness_hours, description="Largest age of the newest row, in hours."
    )
    validity: Share = Field(
        default=_DEFAULT.validity,
        description="Target share of values that satisfy their constraints.",
    )
    fail_on: list[Group] = Field(
        default=["drift", "performance", "quality", "schema", "rules"],
        description="The groups of checks whose failure makes `watchkeeper check` exit with 1.",
    )

    @model_validator(mode="after")
    def ordered(self) -> ThresholdsFile:
        """What fails also warns."""
        if self.drop_warning > self.drop_critical:
            raise ValueError("drop_warning is above drop_critical; what fails must also warn")
        if self.auc_warning < self.auc_critical:
            raise ValueError("auc_warning is below auc_critical; what fails must also warn")
        if self.psi_moderate > self.psi_significant:
            raise ValueError("psi_moderate is above psi_significant")
        return self

    def thresholds(self) -> Thresholds:
        """The thresholds as the core knows them."""
        return Thresholds(**{**self.model_dump(), "fail_on": tuple(self.fail_on)})


SERVER_KEYS = frozenset({"description", "owner", "tags", "policy", "retention", "reference"})
"""Keys of a model file that only the server reads; every other command ignores them."""


class ModelFile(BaseModel):
    """A Watchkeeper model file: the columns of a model, their roles, and what is checked."""

    model_config = ConfigDict(**STRICT, title="Watchkeeper model file")

    name: str = Field(default="model", min_length=1, description="What to call the model.")
    task: TaskName | None = Field(
        default=None, description="What it predicts; inferred from label, prediction and score."
    )
    label: ColumnName | None = Field(default=None, description="Column of the ground truth.")
    prediction: ColumnName | None = Field(default=None, description="Column of the prediction.")
    score: ColumnName | None = Field(
        default=None, description="Column of a binary model's probability, or of a ranking's score."
    )
    scores: dict[str, ColumnName] = Field(
        default_factory=dict, description="Multi-class: the probability column of each class."
    )
    classes: Texts = Field(
        default_factory=list, description="The classes; of a binary model negative, positive."
    )
    threshold: float = Field(
        default=0.5, description="Score at and above which a binary model says the positive class."
    )
    id: ColumnName | None = Field(default=None, description="Column that identifies a row.")
    timestamp: ColumnName | None = Field(default=None, description="Column of the event time.")
    group: ColumnName | None = Field(
        default=None, description="Ranking: column of the query or list that a row belongs to."
    )
    segments: ColumnNames = Field(
        default_factory=list, description="Columns by whose values all is also measured."
    )
    sensitive: ColumnNames = Field(
        default_factory=list, description="Columns over which fairness is measured."
    )
    ranks: list[Annotated[int, Field(ge=1)]] = Field(
        default=[5, 10],
        min_length=1,
        description="Ranking: the k of precision@k, recall@k and NDCG@k.",
    )
    segment_limit: int = Field(
        default=20, ge=1, le=1000, description="Values of a segment column that get a segment each."
    )
    ignore: ColumnNames = Field(default_factory=list, description="Columns that are not measured.")
    columns: dict[ColumnName, ColumnFile] = Field(
        default_factory=dict,
        description="Kinds and constraints by column; columns that are not listed are inferred.",
    )
    rules: list[RuleFile] = Field(default_factory=list, description="Row rules.")
    checks: list[CheckFile] = Field(
        default_factory=list, description="Limits on metrics, beside the default checks."
    )
    thresholds: ThresholdsFile = Field(
        default_factory=ThresholdsFile, description="Limits of the default checks."
    )
    description: str | None = Field(
        default=None, description="Server: what the model is for, in a sentence or two."
    )
    owner: str | None = Field(default=None, description="Server: who answers for it.")
    tags: Texts = Field(default_factory=list, description="Server: words to find it by.")
    policy: PolicyFile = Field(
        default_factory=PolicyFile, description="Server: what becomes of records that do not fit."
    )
    retention: RetentionFile = Field(
        default_factory=RetentionFile, description="Server: how long what was sent is kept."
    )
    reference: ReferenceFile | None = Field(
        default=None, description="Server: what the model is compared with."
    )

    @model_validator(mode="after")
    def consistent(self) -> ModelFile:
        """Each column plays one role, and what depends on each other fits."""
        taken: dict[str, str] = {}
        for role, column in self.roles():
            if column in taken:
                raise ValueError(
                    f"{role} and {taken[column]} are both the column {column!r}; a column plays "
                    "one role"
                )
            taken[column] = role
        names = [rule.name for rule in self.rules]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two rules are called {twice!r}; name each differently")
        for name, entry in self.columns.items():
            if entry.unique and name != self.id:
                raise ValueError(f"columns.{name}.unique is only for the id column; set id: {name}")
        if self.task == "binary" and self.classes and len(self.classes) != 2:
            raise ValueError(f"a binary model has two classes, {len(self.classes)} are given")
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("classes names a class twice")
        if self.scores and self.classes and set(self.scores) != set(self.classes):
            raise ValueError("scores must name a column for each of classes, and no other")
        return self

    def roles(self) -> list[tuple[str, str]]:
        """Role and column, of every role that one column alone can play."""
        single = ("label", "prediction", "score", "id", "timestamp", "group")
        named = [(role, getattr(self, role)) for role in single]
        named += [(f"scores.{class_}", column) for class_, column in self.scores.items()]
        named += [("ignore", column) for column in self.ignore]
        return [(role, column) for role, column in named if column is not None]

    def role_of(self, column: str) -> Role:
        """The role of a column; a feature where nothing else is said."""
        found = {name: role for role, name in self.roles()}.get(column)
        if found is None:
            return Role.FEATURE
        if found == "ignore":
            return Role.IGNORED
        return Role.SCORE if found.startswith("scores.") else Role(found)


def _readable(read: Any, text: str) -> None:
    """Pydantic collects `ValueError`, so a rule that cannot be read becomes one."""
    try:
        read(text)
    except RuleError as error:
        raise ValueError(str(error)) from error
