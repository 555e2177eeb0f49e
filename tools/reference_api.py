"""The page of the Python interface: one directive a public name, in the order of `__all__`."""

from __future__ import annotations

from typing import Any

INTRODUCTION = """# Python

Everything public stands in `watchkeeper.__all__`; anything else may change without notice. Types
are complete: `mypy --strict` sees all of it.

```python
import watchkeeper as wk
```
"""


def api_page(package: Any) -> str:
    """The whole page, with a directive that the documentation builder fills from the docstring."""
    lines = [INTRODUCTION]
    for name in package.__all__:
        if name.startswith("__"):
            continue
        value = getattr(package, name)
        home = getattr(value, "__module__", None) or package.__name__
        lines += [f"## {name}", "", f"::: {home}.{value.__qualname__}", ""]
    return "\n".join(lines).rstrip() + "\n"
