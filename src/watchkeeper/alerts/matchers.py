"""Matchers: what a route, a silence or an inhibition asks of an alert's labels."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Literal, cast

import msgspec

from watchkeeper.alerts.quoting import quoted_parts, unquote
from watchkeeper.alerts.regex import compiled, matches_whole
from watchkeeper.core.alert import Labels
from watchkeeper.core.errors import InputError

Operator = Literal["=", "!=", "=~", "!~"]
"""Equal, not equal, matches the whole value, does not match it."""

_PLAIN_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_CLASSIC = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*(.*?)\s*", re.DOTALL)
_CLOSED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_TOKEN = re.compile(
    r"""\s*(?:(?P<op>=~|!=|!~|=)|(?P<mark>[{},])|(?P<quoted>"(?:[^"\\]|\\.)*")"""
    r"""|(?P<bare>[^\s{}!=~,\\"'`]+))\s*""",
    re.DOTALL,
)


class Matcher(msgspec.Struct, frozen=True):
    """One condition on one label; a label that is missing has the empty value.

    Attributes
    ----------
    name
        Of the label.
    op
        How it is compared.
    value
        With what: a text, or a regular expression that must match the whole value.

    Examples
    --------
    >>> Matcher("team", "=~", "ml|data").matches({"team": "ml"})
    True
    >>> str(Matcher("team", "!=", "ml"))
    'team!="ml"'
    """

    name: str
    op: Operator
    value: str

    def matches(self, labels: Labels) -> bool:
        """Whether the labels meet the condition."""
        found = labels.get(self.name, "")
        met = matches_whole(self.value, found) if self.is_regex else found == self.value
        return met is self.is_equal

    @property
    def is_regex(self) -> bool:
        """Whether the value is a regular expression."""
        return self.op in {"=~", "!~"}

    @property
    def is_equal(self) -> bool:
        """Whether the value is wanted rather than unwanted."""
        return self.op in {"=", "=~"}

    def __str__(self) -> str:
        name = self.name if _PLAIN_NAME.fullmatch(self.name) else _quote(self.name)
        return f"{name}{self.op}{_quote(self.value)}"


def all_match(matchers: Iterable[Matcher], labels: Labels) -> bool:
    """Whether labels meet every condition.

    Examples
    --------
    >>> all_match(parse_matchers('team="ml", severity!~"P2|P3"'), {"team": "ml"})
    True
    """
    return all(matcher.matches(labels) for matcher in matchers)


def parse_matchers(text: str) -> tuple[Matcher, ...]:
    r"""Conditions in the notation of Alertmanager, such as `{team="ml", severity=~"P0|P1"}`.

    Read by the rules of Alertmanager 0.27 and later, which allow any name in quotes; a text that
    they refuse, or that the older rules read otherwise, is read by the older ones.

    Raises
    ------
    InputError
        Neither rules can read it, or an expression is none.

    Examples
    --------
    >>> parse_matchers("team = ml")
    (Matcher(name='team', op='=', value='ml'),)
    >>> parse_matchers('"größe"=~"[0-9]+"')[0].name
    'größe'
    >>> parse_matchers("team")
    Traceback (most recent call last):
    watchkeeper.core.errors.InputError: 'team' is no matcher; write name="value", name!="value", ...
    """
    newer = older = None
    with suppress(ValueError):
        newer = _parse_newer(text)
    with suppress(ValueError):
        older = _parse_older(text)
    found = newer if older is None else older
    if found is None:
        raise InputError(
            f'{text.strip()!r} is no matcher; write name="value", name!="value", '
            'name=~"expression" or name!~"expression", with a comma between two'
        )
    for matcher in found:
        if matcher.is_regex:
            compiled(matcher.value)
    return found


def parse_matcher(text: str) -> Matcher:
    """Exactly one condition.

    Raises
    ------
    InputError
        It is none, or more than one.

    Examples
    --------
    >>> parse_matcher('severity="P1"').value
    'P1'
    """
    found = parse_matchers(text)
    if len(found) != 1:
        raise InputError(f"{text.strip()!r} holds {len(found)} matchers; one is expected here")
    return found[0]


def equality(name: str, value: str) -> Matcher:
    """The condition that a label has a value.

    Examples
    --------
    >>> str(equality("team", "ml"))
    'team="ml"'
    """
    return Matcher(name, "=", value)


def _parse_newer(text: str) -> tuple[Matcher, ...]:
    """Matchers by the rules of 0.27: names and values bare or in quotes, braces in pairs."""
    tokens = _tokens(text)
    if tokens[:1] == [("mark", "{")] or tokens[-1:] == [("mark", "}")]:
        if tokens[:1] != [("mark", "{")] or tokens[-1:] != [("mark", "}")] or len(tokens) == 1:
            raise ValueError
        tokens = tokens[1:-1]
    elif not tokens:
        raise ValueError
    found = []
    while tokens:
        kinds = [kind for kind, _ in tokens[:3]]
        if len(kinds) < 3 or kinds[1] != "op" or not {kinds[0], kinds[2]} <= {"quoted", "bare"}:
            raise ValueError
        (_, name), (_, op), (_, value) = tokens[:3]
        if not name:
            raise ValueError
        found.append(Matcher(name, _operator(op), value))
        rest = tokens[3:4]
        if rest and rest != [("mark", ",")]:
            raise ValueError
        tokens = tokens[4:]
    return tuple(found)


def _tokens(text: str) -> list[tuple[str, str]]:
    found = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            if text[at:].strip():
                raise ValueError
            break
        kind = str(match.lastgroup)
        token = match[kind]
        found.append((kind, unquote(token) if kind == "quoted" else token))
        at = match.end()
    return found


def _parse_older(text: str) -> tuple[Matcher, ...]:
    """Matchers by the rules up to 0.26: braces optional, values with or without quotes."""
    parts = quoted_parts(text.removeprefix("{").removesuffix("}"))
    found = []
    for part in parts:
        match = _CLASSIC.fullmatch(part)
        if match is None:
            raise ValueError
        raw = match[3]
        if raw.startswith('"'):
            if not _CLOSED.fullmatch(raw):
                raise ValueError
            raw = raw[1:-1]
        found.append(Matcher(match[1], _operator(match[2]), _unescape(raw)))
    return tuple(found)


def _operator(text: str) -> Operator:
    return cast("Operator", text)


def _unescape(raw: str) -> str:
    """A value without its escapes; a backslash before any other sign stands for itself."""
    if re.search(r'(?<!\\)(?:\\\\)*"', raw):
        raise ValueError
    return re.sub(r'\\([n"\\])', lambda m: "\n" if m[1] == "n" else str(m[1]), raw)


def _quote(text: str) -> str:
    """A text in quotes with the escapes that the older and the newer rules share."""
    for plain, escaped in (("\\", r"\\"), ('"', r"\""), ("\n", r"\n")):
        text = text.replace(plain, escaped)
    return f'"{text}"'
