"""What is wrong with a file, and where."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from watchkeeper.core.errors import InputError


class Problem(NamedTuple):
    """Something that is wrong with a file, or may be.

    Attributes
    ----------
    line, column
        Where, from 1.
    message
        What is wrong and what to do.
    level
        A warning does not keep the file from being used.

    Examples
    --------
    >>> print(Problem(3, 5, "unknown key 'fro'; did you mean 'for'?"))
    line 3, column 5: unknown key 'fro'; did you mean 'for'?
    """

    line: int
    column: int
    message: str
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        note = "warning: " if self.level == "warning" else ""
        return f"line {self.line}, column {self.column}: {note}{self.message}"


def told(problems: Iterable[Problem], name: str) -> str:
    """Problems as the lines of one error, each once, in the order of the file."""
    return "\n".join(f"{name}, {problem}" for problem in sorted(set(problems)))


def raise_all(problems: Iterable[Problem], name: str) -> None:
    """Raise one `InputError` with every problem, where there is one.

    Examples
    --------
    >>> raise_all([Problem(2, 1, "b"), Problem(1, 4, "a")], "x.yaml")
    Traceback (most recent call last):
    watchkeeper.core.errors.InputError: x.yaml, line 1, column 4: a
    x.yaml, line 2, column 1: b
    """
    found = list(problems)
    if found:
        raise InputError(told(found, name))
