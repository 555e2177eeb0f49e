"""Values of an alert put into the settings of a step, without letting them do anything there.

Labels come from the outside: who may send predictions may choose them. So a value is put into an
argument, an address or the name of an object only where it is plain: it begins with a letter or a
digit, so it is no option; it has no quotes, braces, `$`, `..` or line breaks, so it means nothing
to any shell, template or path. Free text may stand in the body of a request and in the environment
of a command, where nothing reads it as more than text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.core.errors import InputError
from watchkeeper.expressions.hints import suggest
from watchkeeper.incidents.runbooks.step import Step

VARIABLE = re.compile(r"\$\{([^{}]*)\}")
PLAIN = re.compile(r"\w[\w.:/@+=, -]{0,199}")
FREE = frozenset({"body", "env"})
"""Settings that may hold any text."""

LITERAL = frozenset({"playbook", "inventory", "secret", "bearer", "context", "method"})
"""Settings that may hold no variables: what runs is decided by who writes the runbook."""

ROOTS = (
    "alert.labels.", "alert.annotations.", "alert.name", "alert.fingerprint", "alert.severity",
    "alert.starts_at", "incident.number", "incident.severity", "incident.title", "vars.",
)  # fmt: skip
"""What a variable may be, or begin with."""

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def fill_step(step: Step, values: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    """The settings of a step's action and its target, with values in place of variables.

    Parameters
    ----------
    step
        A step with an action.
    values
        By the full name of the variable, such as `alert.labels.model`.

    Raises
    ------
    InputError
        A variable has no value, or one that is not plain where it must be; all of them are named.

    Examples
    --------
    >>> from watchkeeper.incidents.runbooks.step import Action
    >>> argv = ["/opt/restart", "--model", "${alert.labels.model}"]
    >>> step = Step("restart", "Restart", action=Action("command", {"argv": argv}))
    >>> fill_step(step, {"alert.labels.model": "fares"})
    ({'argv': ['/opt/restart', '--model', 'fares']}, 'fares')
    >>> fill_step(step, {"alert.labels.model": "--help; rm -rf /"})
    Traceback (most recent call last):
    watchkeeper.core.errors.InputError: step 'restart': ${alert.labels.model} is '--help; rm -rf /',
        which argv does not take: ...
    """
    problems: list[str] = []
    known = dict(values)
    for name, template in step.variables.items():
        known[f"vars.{name}"] = _fill(template, values, "variables", problems, free=True)
    settings = step.action.settings if step.action is not None else {}
    filled = {key: _value(value, known, key, problems) for key, value in settings.items()}
    target = _fill(step.target, known, "target", problems)
    if problems:
        told = "; ".join(dict.fromkeys(problems))
        raise InputError(f"step {step.id!r}: {told}")
    return filled, target


def fill_text(text: str, values: Mapping[str, str], what: str) -> str:
    """A text, such as a condition, with plain values in place of variables."""
    problems: list[str] = []
    filled = _fill(text, values, what, problems)
    if problems:
        raise InputError("; ".join(dict.fromkeys(problems)))
    return filled


def names_in(value: object) -> Iterator[str]:
    """The names of the variables anywhere in a setting."""
    if isinstance(value, str):
        yield from VARIABLE.findall(value)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from names_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from names_in(item)


def unknown(name: str, variables: Mapping[str, str]) -> str:
    """Why a variable cannot be; empty where it can."""
    if name.startswith("vars."):
        if name.removeprefix("vars.") in variables:
            return ""
        mine = [f"vars.{one}" for one in variables]
        return f"there is no variable ${{{name}}}{suggest(name, mine)}"
    if any(name == root or (root.endswith(".") and name.startswith(root) and name != root)
           for root in ROOTS):  # fmt: skip
        return ""
    near = suggest(name, [root + "model" if root.endswith(".") else root for root in ROOTS])
    return f"there is no variable ${{{name}}}{near}"


def percent_encoded(text: str) -> str:
    """A text as it stands in one segment of an address (RFC 3986).

    >>> percent_encoded("a b/é")
    'a%20b%2F%C3%A9'
    """
    return "".join(chr(b) if b in _UNRESERVED else f"%{b:02X}" for b in text.encode())


def _value(value: Any, values: Mapping[str, str], key: str, problems: list[str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _value(item, values, key, problems) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_value(item, values, key, problems) for item in value]
    if not isinstance(value, str):
        return value
    return _fill(value, values, key, problems, free=key in FREE)


def _fill(
    template: str, values: Mapping[str, str], key: str, problems: list[str], *, free: bool = False
) -> str:
    def put(match: re.Match[str]) -> str:
        name = match[1]
        if name not in values or values[name] == "":
            problems.append(f"${{{name}}} has no value here")
            return ""
        value = values[name]
        if "\x00" in value or not (free or (PLAIN.fullmatch(value) and ".." not in value)):
            problems.append(
                f"${{{name}}} is {value[:60]!r}, which {key} does not take: it must begin with a "
                "letter or a digit and hold no quotes, braces, '..' or line breaks"
            )
        return percent_encoded(value) if key.endswith("url") else value

    return VARIABLE.sub(put, template)
