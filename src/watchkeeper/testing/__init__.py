"""Checks that are public, for those who write a statistic or an engine of their own.

What comes in: the thing to be checked. What goes out: nothing, or an `AssertionError` that says
which law is broken, on what.

- `statistics`: `check_statistic`, the laws of merging.
- `engines`: `check_engine` and `check_rows`, the law that an engine gives the kernel's profile.
- `tables`: `NASTY`, tables on which databases differ.
"""

from watchkeeper.testing.engines import assert_same_profile, check_engine, check_rows
from watchkeeper.testing.statistics import check_statistic
from watchkeeper.testing.tables import NASTY, Example

__all__ = [
    "NASTY",
    "Example",
    "assert_same_profile",
    "check_engine",
    "check_rows",
    "check_statistic",
]
