"""What the configuration of every receiver needs beside its own fields."""

from __future__ import annotations

import hashlib
from collections.abc import MutableMapping
from dataclasses import dataclass

from watchkeeper.actions.channels.fields import Fields
from watchkeeper.actions.channels.http import Http
from watchkeeper.actions.channels.http_config import http_of
from watchkeeper.actions.channels.secret import Secret

Memory = MutableMapping[str, str]
"""What a channel must know of its earlier messages, such as which Slack message to edit.

Keep it over restarts; what is forgotten leads to a new message in place of an edit, no more.
"""


@dataclass(frozen=True, slots=True)
class Common:
    """What receivers share.

    Attributes
    ----------
    settings
        `global` of the configuration.
    memory
        Of earlier messages.
    """

    settings: Fields
    memory: Memory

    def http(self, fields: Fields) -> Http:
        """How a receiver is reached."""
        return http_of(fields, self.settings.raw("http_config"))

    def secret(self, fields: Fields, name: str, setting: str) -> Secret:
        """A secret of the receiver, else of the global setting; a problem where both lack it."""
        return fields.needed(name, fields.secret(name) or self.settings.secret(setting))

    def text(self, fields: Fields, name: str, setting: str, default: str) -> str:
        """A text of the receiver, else of the global setting, else the default."""
        return fields.text(name) or self.settings.text(setting) or default


def below(url: str, path: str) -> str:
    """The address of something below another.

    Examples
    --------
    >>> below("https://api.opsgenie.com/", "v2/alerts"), below("http://a/b?token=c", "d")
    ('https://api.opsgenie.com/v2/alerts', 'http://a/b/d?token=c')
    """
    base, mark, query = url.partition("?")
    return f"{base.rstrip('/')}/{path.lstrip('/')}{mark}{query}"


def short_key(key: str, most: int) -> str:
    """A key of at most so many characters, different where the keys are.

    Examples
    --------
    >>> short_key("wk-12", 255), len(short_key("x" * 600, 255))
    ('wk-12', 67)
    """
    return key if len(key) <= most else f"wk-{hashlib.sha256(key.encode()).hexdigest()}"
