"""Quotes and escapes as Go writes them, in which matchers are written."""

from __future__ import annotations

import re

_ESCAPE = re.compile(
    r"\\(?:(?P<plain>[abfnrtv\\\"])|x(?P<byte>[0-9a-fA-F]{2})|(?P<octal>[0-3][0-7]{2})"
    r"|u(?P<four>[0-9a-fA-F]{4})|U(?P<eight>[0-9a-fA-F]{8})|(?P<bad>.|\Z))",
    re.DOTALL,
)
_PLAIN = dict(zip('abfnrtv\\"', '\a\b\f\n\r\t\v\\"', strict=True))


def unquote(text: str) -> str:
    r"""The value of a Go string literal in double quotes.

    Raises
    ------
    ValueError
        An escape is none, the text holds a line break, or its bytes are no UTF-8.

    Examples
    --------
    >>> unquote('"\\\\d+ \\u00fc \\xc3\\xbc"')
    '\\d+ ü ü'
    """
    if "\n" in text:
        raise ValueError("a line break within quotes")
    made = bytearray()
    at = 1
    inner = text[:-1]
    for match in _ESCAPE.finditer(inner, 1):
        made += inner[at : match.start()].encode() + _bytes(match)
        at = match.end()
    return (made + inner[at:].encode()).decode()


def _bytes(match: re.Match[str]) -> bytes:
    kind = str(match.lastgroup)
    text = match[kind]
    if kind == "plain":
        return _PLAIN[text].encode()
    if kind == "byte":
        return bytes([int(text, 16)])
    if kind == "octal":
        return bytes([int(text, 8)])
    if kind == "bad":
        raise ValueError(f"\\{text} is no escape")
    return chr(int(text, 16)).encode()


def quoted_parts(text: str) -> list[str]:
    """A text cut at the commas that stand outside of double quotes; an empty end is left out.

    Examples
    --------
    >>> quoted_parts('a="1,2", b="3",')
    ['a="1,2"', ' b="3"']
    """
    parts = [""]
    inside = escaped = False
    for sign in text:
        if sign == "," and not inside:
            parts.append("")
            escaped = False
            continue
        inside ^= sign == '"' and not escaped
        escaped = sign == "\\" and not escaped
        parts[-1] += sign
    return parts if parts[-1].strip() else parts[:-1]
