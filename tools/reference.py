"""Write the reference pages that are made from the code, or check that they are up to date.

`python tools/reference.py` writes; with `--check` it only compares, and fails where a page differs.
Pages are committed, so that they can be read without building anything.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"
sys.path.insert(0, str(Path(__file__).resolve().parent))

from reference_api import api_page  # noqa: E402  # the folder is put on the path above
from reference_cli import cli_page  # noqa: E402
from reference_metrics import metrics_page  # noqa: E402
from reference_schema import schema_page  # noqa: E402


def pages() -> dict[str, Callable[[], str]]:
    """What is made, by the name of its file."""
    return {
        "metrics.md": _metrics,
        "cli.md": _cli,
        "report.md": _report,
        "api.md": _api,
    }


def main(arguments: Sequence[str]) -> int:
    """Write each page, or with `--check` compare it; the exit status is 1 where one is stale."""
    check = "--check" in arguments
    stale = []
    for name, make in pages().items():
        path = REFERENCE / name
        text = make()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if not check:
                path.write_text(text, encoding="utf-8")
    if stale and check:
        print(f"docs/reference: {', '.join(stale)} differ from the code; run `make reference`")
        return 1
    return 0


def _metrics() -> str:
    from watchkeeper import metrics

    return metrics_page(metrics.ALL)


def _cli() -> str:
    from typer.main import get_command

    from watchkeeper.cli.main import app

    return cli_page(get_command(app))


def _report() -> str:
    schema = json.loads((REFERENCE / "report.schema.json").read_text(encoding="utf-8"))
    return schema_page(schema)


def _api() -> str:
    import watchkeeper

    return api_page(watchkeeper)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
