"""Objectives, shares and pairs of windows in words, and back."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

import yaml

from watchkeeper.core.durations import format_duration, parse_duration
from watchkeeper.core.errors import InputError
from watchkeeper.monitors.slo.objective import Kind, Pair, Slo, Urgency


def percent(share: float, digits: int | None = None) -> str:
    """A share in per cent: to four significant digits, or to so many decimals.

    >>> percent(0.0144), percent(0.99999), percent(2.88), percent(0.930555, 2)
    ('1.44 %', '99.999 %', '288 %', '93.06 %')
    """
    if digits is not None:
        return f"{round(share * 100, digits):g} %"
    if 0.9 <= share < 1:
        digits = max(2, 1 - math.floor(math.log10(1 - share)))
        return f"{round(share * 100, digits):.{digits}f}".rstrip("0").rstrip(".") + " %"
    return f"{share * 100:.4g} %"


def write_pairs(pairs: tuple[Pair, ...]) -> str:
    """Pairs as a line of text, `page 1h/5m 2%` each; `none` for no pair.

    >>> from watchkeeper.monitors.slo.objective import EVENT_PAIRS
    >>> write_pairs(EVENT_PAIRS[:1])
    'page 1h/5m 2%'
    """
    told = (f"{pair.urgency} {pair.name} {round(pair.share * 100, 10):.12g}%" for pair in pairs)
    return "; ".join(told) or "none"


_PAIR = re.compile(r"(page|ticket) (\w+)/(\w+) (\d+(?:\.\d+)?)%")


def parse_pairs(text: str) -> tuple[Pair, ...]:
    """Pairs as `write_pairs` wrote them.

    Raises
    ------
    InputError
        The text is none.

    Examples
    --------
    >>> from watchkeeper.monitors.slo.objective import EVENT_PAIRS
    >>> parse_pairs(write_pairs(EVENT_PAIRS)) == EVENT_PAIRS
    True
    """
    found: list[Pair] = []
    for part in text.split(";"):
        match = _PAIR.fullmatch(part.strip())
        if match is None:
            if text.strip() == "none":
                return ()
            raise InputError(f"{part.strip()!r} is no pair of windows; write 'page 1h/5m 2%'")
        windows = parse_duration(match[2]), parse_duration(match[3])
        found.append(Pair(*windows, round(float(match[4]) / 100, 12), Urgency(match[1])))
    return tuple(found)


def describe(slo: Slo) -> str:
    """An SLO in one line.

    >>> from watchkeeper.monitors.slo.objective import Indicator
    >>> slo = Slo("answers", 0.999, Indicator(Kind.LATENCY, under_ms=200))
    >>> describe(slo)
    '99.9 % of answers under 200 ms over 30d'
    """
    what = {
        Kind.AVAILABILITY: "answers without an error",
        Kind.LATENCY: f"answers under {slo.indicator.under_ms or 0:g} ms",
        Kind.FRESHNESS: "slices with recent records",
        Kind.QUALITY: f"slices with {slo.indicator.metric} at {slo.indicator.target}",
        Kind.DRIFT_FREE: "slices without drift",
        Kind.CONDITION: f"slices with {slo.indicator.good}",
    }[slo.indicator.kind]
    over = f"a calendar {slo.calendar}" if slo.calendar else format_duration(slo.period)
    return f"{percent(slo.objective)} of {what} over {over}"


class _Dumper(yaml.SafeDumper):
    """Texts of several lines stand as such."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  # the base class has it
        """What stands twice is written twice."""
        return True


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _write_text)


def dump(documents: Iterable[Any]) -> str:
    """Documents as YAML, keys in their order.

    >>> print(dump([{"b": "1", "a": [2]}]), end="")
    b: '1'
    a:
    - 2
    """
    text: str = yaml.dump_all(
        documents, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000
    )
    return text
