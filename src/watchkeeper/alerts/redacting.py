"""A routing file without its secrets, for people and programs that may read but not send."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from watchkeeper.core.errors import InputError
from watchkeeper.files.composing import NotYamlError, compose

HIDDEN = "<secret>"
"""Stands for a secret, as in what Alertmanager answers."""

_SECRET = re.compile(r"(^|_)(password|secret|tokens?|key|credentials|urls?|authorization)$")
_HEADERS = frozenset({"headers", "http_headers"})
_FROM_OUTSIDE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")


def redact(text: str) -> str:
    r"""The text of a routing file with `<secret>` for whatever may be one.

    The addresses of webhooks are secrets too. What only names a file or a variable of the
    environment (`_file`, `${NAME}`) stays.

    >>> print(redact("receivers:\n- name: a\n  webhook_configs:\n  - {url: 'http://a/b'} # here"))
    receivers:
    - name: a
      webhook_configs:
      - {url: <secret>} # here
    """
    try:
        roots = compose(text, yaml.SafeLoader)
    except NotYamlError:
        return ""  # It was never in force: nothing of it needs to be seen.
    found = {node for root in roots for node in _secrets(root)}
    for node in sorted(found, key=lambda one: -one.start_mark.index):
        end = node.end_mark.index
        ends_line = "\n" if text[:end].endswith("\n") else ""
        text = f"{text[: node.start_mark.index]}{HIDDEN}{ends_line}{text[end:]}"
    return text


def check_whole(text: str, name: str = "the configuration") -> None:
    """Refuse a file that was read with its secrets hidden.

    Raises
    ------
    InputError
        Names the first line where a secret is missing.
    """
    for number, line in enumerate(text.splitlines(), 1):
        if HIDDEN in line.partition("#")[0]:
            raise InputError(
                f"{name}, line {number}: {HIDDEN} stands for one that is not shown; write the "
                "secret itself, or better the name of a file with it (…_file) or ${NAME}"
            )


def _secrets(
    node: yaml.Node | None, *, inside: bool = False, seen: frozenset[int] = frozenset()
) -> Iterator[yaml.ScalarNode]:
    """Every scalar under a key that names a secret; what refers to itself is walked once."""
    if node is None or id(node) in seen:
        return
    seen |= {id(node)}
    if isinstance(node, yaml.ScalarNode):
        if inside and node.value.strip() and not _FROM_OUTSIDE.fullmatch(node.value.strip()):
            yield node
    elif isinstance(node, yaml.SequenceNode):
        for one in node.value:
            yield from _secrets(one, inside=inside, seen=seen)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = str(key.value).lower() if isinstance(key, yaml.ScalarNode) else ""
            hides = inside or name in _HEADERS or _SECRET.search(name) is not None
            yield from _secrets(value, inside=hides and not name.endswith("_file"), seen=seen)
