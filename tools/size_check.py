"""Fail when a file or a function outgrows its budget; print medians and 90th percentiles.

Run it as `python tools/size_check.py src client/src`.
"""

from __future__ import annotations

import ast
import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

FILE_LIMIT = 500
"""Lines that a file may have."""

FUNCTION_LIMIT = 60
"""Lines that a function may have, its docstring not counted."""


def function_sizes(tree: ast.Module) -> Iterator[tuple[int, str, int]]:
    """The lines of each function without its docstring, with its name and first line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield _span(node) - _docstring_lines(node), node.name, node.lineno


def percentile_90(sizes: Sequence[int]) -> int:
    """The size that nine tenths stay within; 0 where there are none."""
    return sorted(sizes)[round(0.9 * (len(sizes) - 1))] if sizes else 0


def check(roots: Sequence[str]) -> tuple[list[int], list[int], list[str]]:
    """The sizes of all files and functions below some folders, and what is over budget."""
    files: list[int] = []
    functions: list[int] = []
    broken: list[str] = []
    for path in sorted(path for root in roots for path in Path(root).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        files.append(text.count("\n"))
        if files[-1] > FILE_LIMIT:
            broken.append(f"{path}: {files[-1]} lines, the budget is {FILE_LIMIT}")
        for lines, name, at in function_sizes(ast.parse(text)):
            functions.append(lines)
            if lines > FUNCTION_LIMIT:
                broken.append(
                    f"{path}:{at}: {name} has {lines} lines, the budget is {FUNCTION_LIMIT}"
                )
    return files, functions, broken


def main(roots: Sequence[str]) -> int:
    """Check every module below the folders; the exit status is 1 where a budget is broken."""
    files, functions, broken = check(roots)
    for name, sizes in (("files", files), ("functions", functions)):
        if sizes:
            middle = statistics.median(sizes)
            print(
                f"{name}: median {middle:.0f}, p90 {percentile_90(sizes)}, max {max(sizes)} lines"
            )
    if broken:
        print("\n".join(broken))
    return 1 if broken else 0


def _span(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return 0 if ast.get_docstring(node) is None else _span(node.body[0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
