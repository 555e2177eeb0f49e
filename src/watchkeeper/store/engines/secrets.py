"""Secrets of URLs: taken from the environment or a file, and refused on a command line."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote, urlsplit

from watchkeeper.core.errors import InputError
from watchkeeper.store.engines.urls import Address, is_url, parse_url

_NAME = re.compile(r"\$\{([A-Za-z_]\w*)\}")

_SECRET = re.compile(
    r"pass(word|wd|phrase|code)|pwd|secret|token|private_?key|account_?key|api_?key|(^|_)sas($|_)",
    re.IGNORECASE,
)
_PLACE = re.compile(r"_(file|path)$", re.IGNORECASE)


def resolve(url: str, environment: Mapping[str, str] = os.environ) -> Address:
    """Take a URL apart and put its secrets in.

    `${NAME}` in the user, the password, the host or an option is what the environment says, and
    `password_file=` names a file that holds the password.

    Parameters
    ----------
    url
        As for `parse_url`.
    environment
        The variables.

    Raises
    ------
    InputError
        It is no URL, a variable is not set, or the file cannot be read.

    Examples
    --------
    >>> address = resolve("postgres://ann:${PASS}@db.example/sales", {"PASS": "a@b/c"})
    >>> address.password, address.host, address.shown
    ('a@b/c', 'db.example', 'postgres://db.example/sales')
    """
    written = parse_url(url)
    head, mark, query = url.partition("?")
    scheme, _, rest = head.partition("://")
    place, slash, path = rest.partition("/")
    place, query = (_filled(part, written, environment) for part in (place, query))
    address = parse_url(f"{scheme}://{place}{slash}{path}{mark}{query}")
    options = dict(address.options)
    password = address.password
    if (file := options.pop("password_file", None)) is not None:
        if password is not None:
            raise InputError(f"{written.shown} has a password and a password_file; keep one")
        password = _read(file, written)
    return replace(
        address,
        shown=written.shown,
        label=written.label,
        password=password,
        options=options,
        secrets=_hidden(password, options, written, environment),
    )


COMMAND_LINE = "stays in the shell's history and in the list of processes"
"""Why a secret must not stand on a command line."""


def refuse_literal(text: str, *, why: str = COMMAND_LINE) -> None:
    """Raise `InputError` where a URL has a secret written out.

    >>> refuse_literal("data.parquet")
    >>> refuse_literal("postgres://ann:${PGPASS}@db.example/sales?table=orders")
    """
    if not is_url(text):
        return
    address = parse_url(text)
    raw = urlsplit(text).password
    named = [] if raw is None or _is_named(unquote(raw)) else ["a password"]
    named += [
        f"the option {key!r}"
        for key, value in address.options.items()
        if _is_secret(key) and not _is_named(value)
    ]
    if named:
        raise InputError(
            f"{address.shown} is given with {named[0]} written out, which {why}; write the name "
            "of an environment variable in its place, as '${NAME}' (in single quotes for a shell), "
            "or name a file with ?password_file=PATH"
        )


def identity(url: str) -> str:
    """What a URL asks for, without who asks, the secrets and the time limit.

    >>> identity("postgres://ann:${PASS}@db.example/sales?timeout=10m&table=orders")
    'postgres://db.example/sales?table=orders'
    """
    address = parse_url(url)
    kept = sorted(
        (key, value)
        for key, value in address.options.items()
        if key != "password_file" and not _is_secret(key)
    )
    query = "&".join(f"{quote(key)}={quote(value)}" for key, value in kept)
    return f"{address.shown}?{query}" if query else address.shown


def _filled(part: str, written: Address, environment: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        found = environment.get(match[1])
        if found is None:
            raise InputError(
                f"{written.shown} asks for the environment variable {match[1]}, which is not set; "
                "export it first"
            )
        return quote(found, safe="")

    return _NAME.sub(value, part)


def _read(file: str, written: Address) -> str:
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise InputError(
            f"the password file {file} of {written.shown} cannot be read ({reason})"
        ) from None
    password = text.removesuffix("\n").removesuffix("\r")
    if not password:
        raise InputError(f"the password file {file} of {written.shown} is empty")
    return password


def _hidden(
    password: str | None,
    options: Mapping[str, str],
    written: Address,
    environment: Mapping[str, str],
) -> tuple[str, ...]:
    """The password, options that are secret by their name, and what an option was filled with."""
    held = {password or ""}
    held |= {value for key, value in options.items() if _is_secret(key)}
    for value in (written.password or "", *written.options.values()):
        held |= {environment.get(name, "") for name in _NAME.findall(value)}
    spelt = {text for value in held for text in (value, quote(value, safe=""), quote_plus(value))}
    return tuple(sorted(filter(None, spelt), key=len, reverse=True))


def _is_secret(key: str) -> bool:
    return bool(_SECRET.search(key)) and not _PLACE.search(key)


def _is_named(value: str) -> bool:
    return not _NAME.sub("", value)
