"""The exception tree.

::

    WatchkeeperError          anything that we raise on purpose; the CLI prints it and exits with 2
    ├── InputError            data that cannot be read or used (file, table, column, type)
    │   ├── TooLargeError         a request larger than the server takes
    │   └── UnsupportedTypeError  a content type or encoding that is not read
    ├── ModelError            a model file or role that is wrong
    ├── ProfileError          a profile file that is broken, foreign or of another layout
    ├── RuleError             a row rule that cannot be parsed or does not fit the columns
    ├── NotFoundError         a model, version, reference or key that is not there
    ├── ConflictError         a change that does not fit what is there
    ├── BusyError             more than can be taken now; the same again in a while will do
    ├── UnavailableError      the disk is full or a store does not answer; again in a while
    └── MissingExtraError     a feature whose package is not installed

Each message says what was given, what is allowed and what to do.
"""

from __future__ import annotations


class WatchkeeperError(Exception):
    """The base of every error that Watchkeeper raises on purpose."""


class InputError(WatchkeeperError):
    """Data that cannot be read or used."""


class TooLargeError(InputError):
    """A request body larger than the server takes."""


class UnsupportedTypeError(InputError):
    """A content type or content encoding that is not read."""


class ModelError(WatchkeeperError):
    """A model file, role or option that is wrong."""


class ProfileError(WatchkeeperError):
    """A profile that is broken, of another version, or on another layout."""


class RuleError(WatchkeeperError):
    """A row rule that cannot be parsed, or that does not fit the columns."""


class NotFoundError(WatchkeeperError):
    """A model, version, reference or key that is not there."""


class ConflictError(WatchkeeperError):
    """A change that does not fit what is there already."""


class BusyError(WatchkeeperError):
    """More than can be taken now; the same request will do in `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UnavailableError(BusyError):
    """A store cannot take anything now, such as on a full disk; later it will."""


class MissingExtraError(WatchkeeperError):
    """A feature needs a package that is not installed."""

    def __init__(self, package: str, purpose: str, extra: str | None = None) -> None:
        name = f"'watchkeeper[{extra}]'" if extra else package
        super().__init__(f"{purpose} needs the package {package!r}; run: pip install {name}")
