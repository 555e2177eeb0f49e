"""What the operator allows, from the file in the server's folder, read again where it changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from watchkeeper.core.errors import InputError
from watchkeeper.incidents.runbooks.automation import Automation, read_automation

NOTHING = Automation()
"""What is allowed where nobody allows anything."""

_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be done, and how that is known.

    Attributes
    ----------
    automation
        Nothing where the file is absent or wrong.
    found
        Whether there is a file.
    problem
        What is wrong with it; empty where nothing is.
    read_at
        When the file was last changed.
    """

    automation: Automation = NOTHING
    found: bool = False
    problem: str = ""
    read_at: datetime | None = None

    def sentence(self, path: Path) -> str:
        """How it stands, for people."""
        if self.problem:
            return f"nothing runs: {self.problem}"
        if not self.found:
            return (
                f"nothing runs: there is no {path.name}; the operator of the server writes one "
                "into the server's folder (or gives it with --automation) to allow something"
            )
        if self.automation.is_off:
            return f"nothing runs: the mode in {path.name} is off"
        return f"the mode is {self.automation.policy.mode}"


class AutomationFile:
    """The file of the operator; who has an API key alone cannot write it.

    Parameters
    ----------
    path
        Where it is; it may be absent.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._mark: tuple[int, int, int] | None = None
        self._held = Allowed()

    def get(self) -> Allowed:
        """What it says now; nothing is allowed where it cannot be read."""
        try:
            stat = self.path.stat()
        except OSError:
            self._mark, self._held = None, Allowed()
            return self._held
        mark = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        if mark != self._mark:
            at = datetime.fromtimestamp(stat.st_mtime, UTC)
            try:
                self._held = Allowed(read_file(self.path), found=True, read_at=at)
            except InputError as error:
                self._held = Allowed(found=True, problem=str(error), read_at=at)
            self._mark = mark
        return self._held

    def sentence(self) -> str:
        """How it stands, for people."""
        return self.get().sentence(self.path)


def check_file(path: Path, *, named: bool) -> None:
    """See to it that a server does not begin with a file that is wrong.

    Parameters
    ----------
    path
        The file of the operator.
    named
        Whether the operator has named it: then it must be there.

    Raises
    ------
    InputError
        Everything that is wrong with it.
    """
    if named or path.exists():
        read_file(path)


def read_file(path: Path) -> Automation:
    """What a file allows.

    Raises
    ------
    InputError
        It cannot be read; or line and column of all that is wrong with it.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(f"{path} is larger than {_LARGEST} bytes; is it the right file?")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8 text") from None
    return read_automation(text, name=path.name)
