"""whylogs: a row of 20 features into a profile. ``OUT``."""

from __future__ import annotations

import whylogs
from log_timing import FEATURES, report

CALLS = 2_000
"""A call takes milliseconds."""


def main() -> None:
    """Time the one-call form, and the form that adds to a profile that is kept."""
    profile = whylogs.log(row=FEATURES).profile()

    def log() -> None:
        whylogs.log(row=FEATURES)

    def track() -> None:
        profile.track(row=FEATURES)

    report({"whylogs-log": log, "whylogs-track": track}, CALLS)


if __name__ == "__main__":
    main()
