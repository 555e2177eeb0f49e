"""Folders of tables: a model's name as the name of a folder.

Letters, digits, dots, hyphens and underscores stand for themselves, all else as `~` and two
hexadecimal digits a byte: Delta's library reads `%` in a path as an escape and fails on brackets.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from watchkeeper.core.errors import InputError

_LONGEST = 200
"""Bytes; file systems take 255."""

_EMPTY = "~"


def folder_of(model: str) -> str:
    """The name of the folder that holds a model's tables.

    Parameters
    ----------
    model
        The model's name; empty for changes that concern all models.

    Returns
    -------
    str
        A name that is safe on every file system.

    Raises
    ------
    InputError
        The name is too long.

    Examples
    --------
    >>> folder_of("churn v2/eu"), folder_of(".."), folder_of("")
    ('churn~20v2~2Feu', '~2E~2E', '~')
    """
    name = quote(model, safe="").replace("~", "%7E").replace("%", "~")
    if not name.strip("."):
        name = name.replace(".", "~2E")
    if len(name) > _LONGEST:
        raise InputError(
            f"the model name {model[:40]!r}… takes {len(name)} bytes as a folder's name, and "
            f"{_LONGEST} are allowed; choose a shorter name"
        )
    return name or _EMPTY


def model_of(folder: str) -> str:
    """The model whose tables a folder holds.

    Parameters
    ----------
    folder
        The folder's name.

    Returns
    -------
    str
        The model's name.

    Examples
    --------
    >>> model_of(folder_of("ü~%/"))
    'ü~%/'
    """
    return unquote(re.sub("~(?=[0-9A-F]{2})", "%", folder)) if folder != _EMPTY else ""
