"""The runbooks that come with Watchkeeper: to be copied and made one's own."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from watchkeeper.core.errors import NotFoundError
from watchkeeper.expressions.hints import listed, suggest
from watchkeeper.incidents.runbooks.parse import read_runbook
from watchkeeper.incidents.runbooks.step import Runbook

STARTERS = (
    "high-error-rate", "latency", "drift", "accuracy-drop", "missing-data", "no-labels",
)  # fmt: skip
"""Names of the runbooks."""


@lru_cache
def starter(name: str) -> Runbook:
    """A runbook of the starter pack.

    Raises
    ------
    NotFoundError
        There is none of that name.

    Examples
    --------
    >>> starter("latency").title
    'Answers are late'
    """
    if name not in STARTERS:
        hint = suggest(name, STARTERS) or f"; there are {listed(STARTERS)}"
        raise NotFoundError(f"there is no starter runbook {name!r}{hint}")
    text = files("watchkeeper.incidents.runbooks").joinpath("starter", f"{name}.md")
    return read_runbook(text.read_text(encoding="utf-8"), name=f"{name}.md")
