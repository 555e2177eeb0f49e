"""Writes the documents into a folder: `python -m tests.page_documents FOLDER [--small]`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from tests.page_documents import ALL, SMALL


def main() -> None:
    """Write each document as one JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--small", action="store_true", help="the two that ui/fixtures holds")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for name, make in (SMALL if options.small else ALL).items():
        path = options.folder / f"{name}.json"
        path.write_text(json.dumps(make(), ensure_ascii=False, allow_nan=False) + "\n")


if __name__ == "__main__":
    main()
