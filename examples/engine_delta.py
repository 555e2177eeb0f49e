"""Compare a Delta table with what it was at an earlier version.

Run it with the table in the environment, and the version if it is not the first:

    pip install '.[delta]'    # in a clone of the repository
    export AWS_PROFILE=lake
    TABLE_URL=delta+s3://lake/predictions VERSION=41 python examples/engine_delta.py
"""

from __future__ import annotations

import os

import watchkeeper as wk


def main() -> None:
    """Compare, and leave the report here."""
    url, version = os.environ["TABLE_URL"], os.environ.get("VERSION", "0")
    report = wk.compare(f"{url}?version={version}", url)
    report.save("report.html")
    print(report.headline)


if __name__ == "__main__":
    main()
