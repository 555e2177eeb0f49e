"""Regular expressions that must match a whole text, in the dialect of RE2 where it is installed."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import import_module
from typing import Any

from watchkeeper.core.errors import InputError


def matches_whole(pattern: str, text: str) -> bool:
    """Whether an expression matches all of a text.

    Raises
    ------
    InputError
        It is no expression.

    Examples
    --------
    >>> matches_whole("a|b", "a"), matches_whole("a|b", "ab")
    (True, False)
    """
    return compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> Any:
    """An expression ready for `fullmatch`; kept, since routes and silences are asked often.

    Raises
    ------
    InputError
        It is no expression.

    Examples
    --------
    >>> compiled("a(")
    Traceback (most recent call last):
    watchkeeper.core.errors.InputError: 'a(' is no regular expression: missing ...
    """
    engine = _re2()
    if engine is None:
        try:
            return re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            raise InputError(f"{pattern!r} is no regular expression: {error}") from error
    options = engine.Options()
    options.log_errors = False
    try:
        return engine.compile(pattern, options=options)
    except engine.error as error:
        told = error.args[0] if error.args else error
        reason = told.decode(errors="replace") if isinstance(told, bytes) else str(told)
        raise InputError(f"{pattern!r} is no regular expression: {reason}") from error


@lru_cache(maxsize=1)
def _re2() -> Any:
    """The package google-re2, or None where it is not installed: then Python's `re` does."""
    try:
        return import_module("re2")
    except ImportError:
        return None
