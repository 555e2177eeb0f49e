"""The errors that the client raises, none of them from `log`, `label`, `outcome` or `change`."""

from __future__ import annotations

__all__ = ["ClientError", "SpoolError"]


class ClientError(Exception):
    """A setting that cannot be used, or a question that the server did not answer.

    Attributes
    ----------
    status
        The HTTP status of the answer; None where there was none.
    code
        The server's word for what was wrong, such as `not_found`; None where it said none.
    """

    def __init__(self, message: str, *, status: int | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class SpoolError(OSError):
    """The folder of the spool cannot be used, or is full."""
