"""The exception tree.

::

    WatchkeeperError          anything that we raise on purpose; the CLI prints it and exits with 2
    ├── InputError            data that cannot be read or used (file, table, column, type)
    ├── ModelError            a model file or role that is wrong
    ├── ProfileError          a profile file that is broken, foreign or of another layout
    ├── RuleError             a row rule that cannot be parsed or does not fit the columns
    └── MissingExtraError     a feature whose package is not installed

Each message says what was given, what is allowed and what to do.
"""

from __future__ import annotations


class WatchkeeperError(Exception):
    """The base of every error that Watchkeeper raises on purpose."""


class InputError(WatchkeeperError):
    """Data that cannot be read or used."""


class ModelError(WatchkeeperError):
    """A model file, role or option that is wrong."""


class ProfileError(WatchkeeperError):
    """A profile that is broken, of another version, or on another layout."""


class RuleError(WatchkeeperError):
    """A row rule that cannot be parsed, or that does not fit the columns."""


class MissingExtraError(WatchkeeperError):
    """A feature needs a package that is not installed."""

    def __init__(self, package: str, purpose: str, extra: str | None = None) -> None:
        name = f"'watchkeeper[{extra}]'" if extra else package
        super().__init__(f"{purpose} needs the package {package!r}; run: pip install {name}")
