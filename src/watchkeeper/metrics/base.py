"""The record by which a metric is known everywhere: checks, reports, docs, rules, menus."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from watchkeeper.core.estimate import Estimate

Direction = Literal["higher", "lower", "either", "none"]
Group = Literal[
    "drift", "performance", "fairness", "calibration", "quality", "prediction", "service",
    "labels", "business",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: its function, its card, and its properties as data.

    The common tests, the reference page, reports and later the rule language are made from this
    record, so a property that is wrong here fails a test.

    Attributes
    ----------
    name
        Snake case, as in JSON, YAML and `watchkeeper_<name>`. A record that ends in `_at_k`,
        `_at_p`, `_by_class` or `_by_name` stands for many metrics: its function takes one more
        argument, which reports write behind an `@` (`precision@5`, `latency_ms@p95`).
    title
        As a heading shows it.
    group
        Which part of a report it belongs to.
    function
        The statistics in (what exactly is up to the group), an `Estimate` out.
    needs
        What it is defined for: column kinds ("numeric", "categorical") for drift, tasks
        ("binary", "multiclass", "regression", "ranking") for performance, and "score" where
        a probability is needed; the part of a window ("traffic", "labels", "outcomes") for the
        rest.
    unit
        "" for a pure number, "share", "reference standard deviations", "nats", "bits",
        "column unit", "label unit", "outcome unit", "rows", "tokens", "requests", "ms", "s",
        "predictions a second".
    worse
        Which direction is worse.
    best
        The best value, None where there is none.
    lowest, highest
        The range, None where unbounded.
    measures, misleads
        One sentence each: what it says, and when it deceives.
    formula
        Exact, in LaTeX without delimiters, with bins, log base and direction spelled out.
    nulls, infinities, unseen
        How null/NaN, infinite values and values not in the reference are treated.
    interval, p_value
        The method of the confidence interval and of the p-value; "" where there is none.
    source
        Paper or standard: author, year, title.
    oracle
        The outside implementation that the tests compare with.
    peers
        What other libraries do under the same name, by library.
    defaults
        Parameters and thresholds with their defaults.
    symmetric, zero_when_equal
        Properties that the common tests check; None where they do not apply.
    """

    name: str
    title: str
    group: Group
    function: Callable[..., Estimate]
    needs: tuple[str, ...]
    measures: str
    misleads: str
    formula: str
    source: str
    oracle: str
    unit: str = ""
    worse: Direction = "higher"
    best: float | None = None
    lowest: float | None = None
    highest: float | None = None
    nulls: str = ""
    infinities: str = ""
    unseen: str = ""
    interval: str = ""
    p_value: str = ""
    peers: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    symmetric: bool | None = None
    zero_when_equal: bool | None = None
