"""The report document as JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from watchkeeper.core.errors import WatchkeeperError


def render_json(document: Mapping[str, Any]) -> str:
    """The document as JSON, as `docs/reference/report.schema.json` describes it.

    Raises
    ------
    WatchkeeperError
        The document holds NaN or an infinity, which JSON does not have.

    Examples
    --------
    >>> print(render_json({"kind": "comparison", "summary": {"headline": "0 % — naïve"}}))
    {
      "kind": "comparison",
      "summary": {
        "headline": "0 % — naïve"
      }
    }
    """
    try:
        text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
        text.encode("utf-8")
    except UnicodeEncodeError:
        # A lone surrogate (from a broken file) has no UTF-8 form; its JSON escape has.
        return json.dumps(document, indent=2, allow_nan=False)
    except ValueError as error:
        raise WatchkeeperError(
            f"the report holds a number that JSON cannot write ({error}); please report this as a "
            "defect of Watchkeeper"
        ) from error
    return text
