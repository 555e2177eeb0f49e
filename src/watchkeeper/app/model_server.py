"""The part of a model file that only the server reads: policy, retention, and the reference."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from watchkeeper.core.errors import InputError
from watchkeeper.core.windows import parse_every, parse_window
from watchkeeper.store.engines.secrets import refuse_literal
from watchkeeper.store.engines.urls import has_scheme

STRICT = ConfigDict(
    extra="forbid",
    strict=True,
    allow_inf_nan=False,
    hide_input_in_errors=True,  # it may hold what somebody took for the place of a password
)

ORIGINS = ("path", "profile", "window", "rolling", "seasonal")
"""What a reference may be made from; the last three are windows of production."""

_UNIT = {"d": 1, "w": 7}


def days_of(text: str) -> int:
    """A length of whole days, as a number of days.

    >>> days_of("90d"), days_of("12w")
    (90, 84)
    """
    match = re.fullmatch(r"(\d+)([dw])", text.strip())
    days = int(match[1]) * _UNIT[match[2]] if match else 0
    if days == 0:
        raise ValueError(f"{text!r} is no number of whole days; write one such as '90d' or '12w'")
    return days


def length_of(text: str) -> timedelta:
    """A fixed length of time of at least an hour, such as `28d` or `36h`.

    >>> length_of("36h")
    datetime.timedelta(days=1, seconds=43200)
    """
    try:
        delta = parse_every(text).delta
    except InputError:
        delta = None
    if delta is None or delta % timedelta(hours=1):
        raise ValueError(
            f"{text!r} is no length of whole hours; write one such as '36h', '28d' or '4w'"
        )
    return delta


def weeks_of(text: str) -> int:
    """A length of whole weeks, as a number of weeks.

    >>> weeks_of("4w"), weeks_of("28d")
    (4, 4)
    """
    days = days_of(text)
    if days % 7:
        raise ValueError(f"{text!r} is no number of whole weeks; write one such as '4w'")
    return days // 7


def _checked(check: Any) -> AfterValidator:
    """Keep the text as it was written, once it can be read."""

    def keep(text: str) -> str:
        check(text)
        return text

    return AfterValidator(keep)


def without_secrets(text: str) -> None:
    """Raise `ValueError` where a URL holds a password: files are kept where many can read them."""
    try:
        refuse_literal(text, why="everybody can read who reads the file")
    except InputError as error:
        raise ValueError(str(error)) from None


def a_file(text: str) -> None:
    """Raise `ValueError` for a URL, which is not repeated."""
    if has_scheme(text):
        raise ValueError("a profile is a file, not a URL; name the URL as `path`")


Days = Annotated[str, _checked(days_of)]
Length = Annotated[str, _checked(length_of)]

# `missing: null` in YAML is the word of the policy, not nothing.
_Missing = Annotated[
    Literal["null", "reject"],
    BeforeValidator(lambda value: "null" if value is None else value),
    WithJsonSchema({"enum": ["null", "reject", None]}),
]


class PolicyFile(BaseModel):
    """What the server does with a record that does not fit the model's features."""

    model_config = STRICT

    unknown: Literal["adopt", "overflow", "reject"] | None = Field(
        default=None,
        description="A feature that the model has not: `adopt` it as a new column, keep it as "
        "`overflow`, or `reject` the record. By default `adopt` until the model has a reference, "
        "then `overflow`.",
    )
    wrong_type: Literal["coerce", "overflow", "reject"] = Field(
        default="coerce",
        description="A value of another type: `coerce` it where it can be read as the right one "
        "(`'3.2'` as 3.2) and keep it as overflow where not, keep it as `overflow` always, or "
        "`reject` the record.",
    )
    missing: _Missing = Field(
        default="null",
        description="A feature that the record lacks: it is `null`, or `reject` the record.",
    )
    max_future: Length = Field(
        default="1d",
        description="How far in the future the time of a record may lie; later ones are rejected.",
    )


class RetentionFile(BaseModel):
    """How long the server keeps what it was sent; whole days. What is not named is kept."""

    model_config = STRICT

    predictions: Days | None = Field(default=None, description="Rows of predictions.")
    labels: Days | None = Field(default=None, description="Rows of labels.")
    outcomes: Days | None = Field(default=None, description="Rows of outcomes.")
    changes: Days | None = Field(default=None, description="Deployments and other changes.")
    hours: Days | None = Field(
        default=None,
        description="Profiles of single hours of segments; those of days are kept.",
    )

    def days(self, what: str) -> int | None:
        """Days that something is kept, None for ever.

        >>> RetentionFile(labels="2w").days("labels")
        14
        """
        text: str | None = getattr(self, what)
        return None if text is None else days_of(text)


class ReferenceFile(BaseModel):
    """What the server compares the model with: exactly one of these."""

    model_config = STRICT

    path: Annotated[str, _checked(without_secrets)] | None = Field(
        default=None,
        min_length=1,
        description="A data set, by its path from the model file: Parquet, CSV, Arrow or JSON "
        "lines; or the URL of a table or query, which `watchkeeper apply` opens where it runs.",
    )
    profile: Annotated[str, _checked(a_file)] | None = Field(
        default=None,
        min_length=1,
        description="A profile that `watchkeeper profile` made, by its path from the model file.",
    )
    window: Annotated[str, _checked(parse_window)] | None = Field(
        default=None, description="A window of production, `START..END`, half-open, in UTC."
    )
    rolling: Length | None = Field(
        default=None, description="The time before the window that is measured, such as `28d`."
    )
    seasonal: Annotated[str, _checked(weeks_of)] | None = Field(
        default=None,
        description="The same hours of the week in the weeks before, such as `4w`.",
    )

    @model_validator(mode="after")
    def one(self) -> ReferenceFile:
        """A reference has one origin."""
        named = [name for name in ORIGINS if getattr(self, name) is not None]
        if len(named) != 1:
            said = f"names {' and '.join(named)}" if named else "names nothing"
            raise ValueError(f"it {said}; name one of {', '.join(ORIGINS)}")
        return self

    @property
    def kind(self) -> str:
        """Which of the five it is: `data` for a path, else its key."""
        named = next(name for name in ORIGINS if getattr(self, name) is not None)
        return "data" if named == "path" else named
