"""Which format a path asks for, and writing it whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from watchkeeper.core.errors import InputError

Render = Callable[[Mapping[str, Any]], str]

FORMATS = (".html", ".json", ".md", ".xml")
"""The suffixes that a report can be written as."""


def renderer(path: str | os.PathLike[str], *, fail_on: str = "critical") -> Render:
    """The function that renders for the suffix of a path.

    Raises
    ------
    InputError
        No format has this suffix.

    Examples
    --------
    >>> renderer("a/report.JSON").__name__
    'render_json'
    """
    suffix = Path(path).suffix.lower()
    if suffix in {".html", ".htm"}:
        from watchkeeper.reports.html import render_html

        return render_html
    if suffix == ".json":
        from watchkeeper.reports.json import render_json

        return render_json
    if suffix in {".md", ".markdown"}:
        from watchkeeper.reports.markdown import render_markdown

        return render_markdown
    if suffix == ".xml":
        from watchkeeper.reports.junit import render_junit

        return lambda document: render_junit(document, fail_on=fail_on)
    given = f"the suffix {suffix!r}" if suffix else "no suffix"
    raise InputError(f"{path} has {given}; a report is written as {', '.join(FORMATS)}")


def check_target(path: str | os.PathLike[str]) -> None:
    """Raise `InputError` where a file cannot be written there, before any work is done."""
    target = Path(path)
    if target.is_dir():
        raise InputError(
            f"{path} is a directory; name a file in it, such as {target / 'report.html'}"
        )
    folder = target.parent
    if not folder.exists():
        raise InputError(f"the folder {folder} does not exist; make it with: mkdir -p {folder}")
    if not folder.is_dir():
        raise InputError(f"{folder} is a file, not a folder; choose another path than {path}")
    if not os.access(folder, os.W_OK):
        raise InputError(f"the folder {folder} is not writable; choose another path than {path}")


def write_text(text: str, path: str | os.PathLike[str]) -> None:
    """Write a file as UTF-8: whole, or not at all.

    Raises
    ------
    InputError
        It cannot be written.
    """
    check_target(path)
    target = Path(path)
    partial = ""
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=target.parent, prefix=f".{target.name[:100]}.", suffix=".partial",
            encoding="utf-8", errors="backslashreplace", newline="\n", delete=False,
        ) as file:  # fmt: skip
            partial = file.name
            file.write(text)
        # A temporary file is private; a report is as open as any file that its user makes.
        umask = os.umask(0)
        os.umask(umask)
        Path(partial).chmod(0o666 & ~umask)
        Path(partial).replace(target)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror})") from error
    finally:
        Path(partial).unlink(missing_ok=True) if partial else None
