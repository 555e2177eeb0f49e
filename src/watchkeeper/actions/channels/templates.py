"""The few templates of configurations that choose a receiver, such as `{{ .CommonLabels.team }}`.

What a message says is made by us, so templates of texts are not read.
"""

from __future__ import annotations

import re

from watchkeeper.core.alert import Notification

_PART = re.compile(
    r"\{\{-?\s*\.(?:(CommonLabels|GroupLabels|CommonAnnotations)\.([A-Za-z_][A-Za-z0-9_]*)"
    r"|(Receiver|Status))\s*(?:\|\s*(toUpper|toLower)\s*)?-?\}\}"
)

KNOWN = "{{ .CommonLabels.NAME }}, {{ .GroupLabels.NAME }}, {{ .Receiver }} or {{ .Status }}"
"""What can be read, for messages."""


def is_known(text: str) -> bool:
    """Whether a text is plain or holds only templates that `expand` reads.

    Examples
    --------
    >>> is_known("#ops-{{ .CommonLabels.team }}"), is_known('{{ template "x" . }}')
    (True, False)
    """
    return "{{" not in _PART.sub("", text)


def expand(text: str, notification: Notification) -> str:
    """A text with its templates filled from a notification; a label that is missing is empty.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> told = Notification("k", "ops", "g", {"team": "ml"}, (), "first", at)
    >>> expand("#{{ .GroupLabels.team }}-{{ .Receiver }}", told)
    '#ml-ops'
    """
    return _PART.sub(lambda match: _value(match, notification), text)


def _value(match: re.Match[str], notification: Notification) -> str:
    kind, name, alone, turned = match.groups()
    if alone:
        text = notification.receiver if alone == "Receiver" else notification.status
    else:
        source = {
            "CommonLabels": notification.common_labels,
            "GroupLabels": notification.group_labels,
            "CommonAnnotations": notification.common_annotations,
        }[kind]
        text = source.get(name, "")
    return {"toUpper": text.upper(), "toLower": text.lower()}.get(turned or "", text)
