"""Patterns of text that every engine reads alike."""

from __future__ import annotations

import re

from watchkeeper.core.errors import RuleError

NAMED: dict[str, str] = {
    "email": r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}",
    "phone": r"\+?[0-9]([ ./()-]{0,2}[0-9]){6,14}",
    "url": r"[A-Za-z][A-Za-z0-9+.-]*://[^ /?#]+[^ ]*",
    "uuid": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
    "date": r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
}
"""Patterns that go by a name."""

_FORBIDDEN = re.compile(r"\(\?(?!:)|\\[bBAzZpPkgGQEKRXCuUx1-9<>]|\(\*|\[\[[:.=]")


def expand(pattern: str) -> str:
    """The regular expression behind a pattern: a named one, or itself.

    Parameters
    ----------
    pattern
        `email`, `phone`, `url`, `uuid`, `date`, or a regular expression.

    Raises
    ------
    RuleError
        It is no regular expression, or uses what some engine reads otherwise.

    Examples
    --------
    >>> expand("[A-Z]{2}")
    '[A-Z]{2}'
    """
    return NAMED.get(pattern) or portable(pattern)


def portable(pattern: str) -> str:
    r"""The pattern itself, where DuckDB (RE2), PostgreSQL and Python read it alike.

    Raises
    ------
    RuleError
        It is broken, or has look-around, back-references, flags, `\b`, `\p` or the like.
    """
    found = _FORBIDDEN.search(re.sub(r"\\\\", "  ", pattern))
    if found:
        raise RuleError(
            f"the pattern {pattern!r} uses {found.group()!r}, which engines read differently; "
            "use classes, groups, alternatives, repetition, ^ and $"
        )
    try:
        re.compile(pattern)
    except re.error as error:
        raise RuleError(f"the pattern {pattern!r} is no regular expression: {error}") from error
    return pattern


def whole(pattern: str) -> str:
    """The expression that the whole of a text must match.

    Examples
    --------
    >>> whole("a|b")
    '^(?:a|b)$'
    """
    return f"^(?:{expand(pattern)})$"


def matches_whole(pattern: str, text: str) -> bool:
    """Whether the whole of `text` matches the pattern, decided in Python.

    Examples
    --------
    >>> matches_whole("date", "2024-02-30"), matches_whole("date", "2024-13-01")
    (True, False)
    """
    return re.fullmatch(expand(pattern), text, re.ASCII) is not None
