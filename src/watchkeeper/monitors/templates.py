"""Templates in the labels and annotations of rules: the part of Prometheus' that rules need.

::

    {{ $labels.name }}  {{ $value }}  {{ $low }}  {{ $high }}  {{ $rows }}  {{ $externalURL }}
    {{ $value | humanize }}  {{ humanizePercentage $low }}  {{ printf "%.2f" $value }}

No conditions, no loops, no queries: texts come from users. What is not understood is refused when
the rules are loaded, and nothing can go wrong when they are filled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from watchkeeper.core.errors import RuleError
from watchkeeper.expressions.hints import suggest
from watchkeeper.monitors.rule import Observation, Rule
from watchkeeper.monitors.template_numbers import FORMATS, plain, printf

_Value: TypeAlias = float | int | str | None

_ACTION = re.compile(r"\{\{(.*?)(\}\}|\Z)", re.DOTALL)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`|\||[^\s|"`]+|["`]')
_LABEL = re.compile(r"(?:\$labels|\.Labels|\$\.Labels)\.([A-Za-z_][A-Za-z0-9_]*)")
_NUMBERS: Final = {
    "$value": "value", ".Value": "value", "$low": "low", "$high": "high", "$rows": "rows",
}  # fmt: skip
_URLS: Final = ("$externalURL", ".ExternalURL")
_NONE: Final[Mapping[str, str]] = {}
_NAMES: Final = ("$labels.NAME", *_NUMBERS, *_URLS)
_SUPPORTED: Final = (
    "write $value, $low, $high, $rows, $labels.NAME or $externalURL, then, after |, one of "
    f'{", ".join(FORMATS)} or printf "%.2f"'
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a template may tell.

    Attributes
    ----------
    labels
        Of the series: model, version, segment. What is not there is an empty text.
    value, low, high, rows
        Of the observation; a number that is None reads `unknown`.
    external_url
        Where this server is reached.
    """

    labels: Mapping[str, str]
    value: float | None = None
    low: float | None = None
    high: float | None = None
    rows: int = 0
    external_url: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a template, and at which character, counted from 0."""

    offset: int
    message: str


_Part: TypeAlias = Callable[[Facts], _Value]


class _BadTemplateError(Exception):
    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset


def fill(text: str, facts: Facts) -> str:
    """The text with its templates filled in.

    Raises
    ------
    RuleError
        The text was never checked, and holds what `check_template` refuses.

    Examples
    --------
    >>> facts = Facts({"model": "flights"}, value=0.8254, rows=1200)
    >>> fill("{{ $labels.model }}: {{ $value | humanizePercentage }} of {{ $rows }} rows", facts)
    'flights: 82.54% of 1200 rows'
    """
    if "{{" not in text:
        return text
    try:
        filled = (part if isinstance(part, str) else _text(part(facts)) for part in _parts(text))
        return "".join(filled)
    except _BadTemplateError as error:
        raise RuleError(f"{error} (at character {error.offset + 1})") from error


def fill_all(texts: Mapping[str, str], facts: Facts) -> dict[str, str]:
    """Labels or annotations with their templates filled in.

    >>> fill_all({"summary": "{{ $value }}"}, Facts({}, value=0.5))
    {'summary': '0.5'}
    """
    return {name: fill(text, facts) for name, text in texts.items()}


def texts_of(
    rule: Rule,
    own: Mapping[str, str],
    seen: Observation,
    *,
    shared: Mapping[str, str] = _NONE,
    external_url: str = "",
) -> tuple[dict[str, str], dict[str, str]]:
    """The labels and annotations of an alert of a rule, filled in.

    Parameters
    ----------
    rule
        The rule; its labels win over those that its group shares.
    own
        What tells its alerts apart: model, version, segment. It wins over all other labels, so
        that two alerts never become one.
    seen
        What its condition says now.
    shared
        The labels of its group.
    external_url
        Where this server is reached.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from watchkeeper.monitors.rule import Truth
    >>> rule = Rule("Low", labels={"of": "{{ $labels.model }}"}, annotations={"a": "{{ $value }}"})
    >>> seen = Observation(datetime(2026, 1, 1, tzinfo=UTC), Truth.TRUE, value=0.8)
    >>> texts_of(rule, {"model": "flights"}, seen)
    ({'of': 'flights', 'model': 'flights'}, {'a': '0.8'})
    """
    facts = Facts({**shared, **own}, seen.value, seen.low, seen.high, seen.rows, external_url)
    labels = {**shared, **fill_all(rule.labels, facts), **own}
    return labels, fill_all(rule.annotations, replace(facts, labels=labels))


def check_template(text: str, *, identity: bool = False) -> None:
    """Refuse a text that cannot be filled.

    Parameters
    ----------
    text
        A label's or an annotation's value.
    identity
        Whether it is a label's, which must not hold what changes from one evaluation to the next.

    Raises
    ------
    RuleError
        Says what, where, and what could stand there.

    Examples
    --------
    >>> check_template("{{ $value | humanise }}")
    Traceback (most recent call last):
    watchkeeper.core.errors.RuleError: ... no function 'humanise'; did you mean 'humanize'? ...
    """
    problem = find_problem(text, identity=identity)
    if problem is not None:
        raise RuleError(f"{problem.message} (at character {problem.offset + 1})")


def find_problem(text: str, *, identity: bool = False) -> Problem | None:
    """What `check_template` refuses, with its place; None where the text can be filled.

    >>> find_problem("{{ $value }}", identity=True).offset
    3
    """
    try:
        parts = list(_parts(text))
    except _BadTemplateError as error:
        return Problem(error.offset, str(error))
    for part in parts:
        if identity and isinstance(part, _Number):
            return Problem(
                part.offset,
                f"a label cannot hold {part.written}: labels are what tells alerts apart, so each "
                "new value would be a new alert; put it into an annotation",
            )
    return None


@dataclass(frozen=True, slots=True)
class _Label:
    name: str

    def __call__(self, facts: Facts) -> str:
        return facts.labels.get(self.name, "")


@dataclass(frozen=True, slots=True)
class _Number:
    name: str
    written: str
    offset: int
    function: Callable[[float], str] | None = None

    def __call__(self, facts: Facts) -> _Value:
        value: float | int | None = getattr(facts, self.name)
        return value if value is None or self.function is None else self.function(value)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    offset: int


def _url(facts: Facts) -> str:
    return facts.external_url


def _text(value: _Value) -> str:
    if value is None:
        return "unknown"
    return plain(value) if isinstance(value, float) else str(value)


def _parts(text: str) -> Iterator[str | _Part]:
    """Plain texts and what stands between them."""
    end = 0
    for match in _ACTION.finditer(text):
        yield text[end : match.start()]
        if not match[2]:
            raise _BadTemplateError(match.start(), "{{ has no }}; write {{ $value }}")
        yield _pipeline(match[0], match[1], match.start() + 2)
        end = match.end()
    yield text[end:]


def _pipeline(written: str, inner: str, start: int) -> _Part:
    """What one `{{ … }}` means: a name, or a function of one."""
    commands: list[list[_Token]] = [[]]
    for match in _TOKEN.finditer(inner):
        if match[0] == "|":
            commands.append([])
        else:
            commands[-1].append(_Token(match[0], start + match.start()))
    if not all(commands):
        raise _BadTemplateError(start, f"{written}: something is missing; {_SUPPORTED}")
    if len(commands) > 2 or (len(commands) == 2 and len(commands[0]) > 1):
        place = commands[-1][0].offset
        raise _BadTemplateError(place, f"{written}: one function can be applied; {_SUPPORTED}")
    *functions, name = [token for command in reversed(commands) for token in command]
    if not functions:
        return _named(written, name)
    function, part = _function(written, functions), _named(written, name)
    if not isinstance(part, _Number):
        raise _BadTemplateError(name.offset, f"{written}: {name.text} is text, not a number")
    return _Number(part.name, part.written, part.offset, function)


def _named(written: str, token: _Token) -> _Part:
    """A value by its name."""
    if token.text in _NUMBERS:
        return _Number(_NUMBERS[token.text], token.text, token.offset)
    if token.text in _URLS:
        return _url
    label = _LABEL.fullmatch(token.text)
    if label is not None:
        return _Label(label[1])
    near = _near(token.text, _NAMES)
    raise _BadTemplateError(
        token.offset, f"{written}: there is no {token.text!r}{near} {_SUPPORTED}"
    )


def _function(written: str, tokens: list[_Token]) -> Callable[[float], str]:
    """A function by its name, and for `printf` its layout."""
    name, *rest = tokens
    if name.text == "printf" and len(rest) == 1 and rest[0].text[0] in '"`':
        if "\\" in rest[0].text:
            raise _BadTemplateError(rest[0].offset, f"{written}: a backslash means nothing here")
        try:
            return printf(rest[0].text[1:-1])
        except ValueError as error:
            raise _BadTemplateError(rest[0].offset, f"{written}: {error}") from error
    if name.text in FORMATS and not rest:
        return FORMATS[name.text]
    if name.text in FORMATS:
        raise _BadTemplateError(
            rest[0].offset, f"{written}: {name.text} takes one value; {_SUPPORTED}"
        )
    if name.text == "printf":
        raise _BadTemplateError(name.offset, f"{written}: printf takes a layout; {_SUPPORTED}")
    told = f"{written}: there is no function {name.text!r}{_near(name.text, FORMATS)} {_SUPPORTED}"
    raise _BadTemplateError(name.offset, told)


def _near(name: str, known: Iterable[str]) -> str:
    return suggest(name, known, most=1) or ";"
