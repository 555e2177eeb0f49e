"""Formulas of the documentation as MathML: no script, no font and no host is asked for them.

A fence of the language `math` holds LaTeX. Code hosts render such a fence themselves; the
documentation builder calls `render` for it.
"""

from __future__ import annotations

from typing import Any

from latex2mathml.converter import convert


def render(
    source: str,
    language: str,
    css_class: str,
    options: dict[str, Any],
    md: Any,
    **further: Any,
) -> str:
    """The formula as a block of MathML, as pymdownx.superfences calls it."""
    del language, options, md, further
    return f'<div class="{css_class}">{convert(source, display="block")}</div>'
