"""Rows that stay where they are: a database or a cluster makes their profile, and sends that."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from watchkeeper.core.progress import Progress, silent

if TYPE_CHECKING:
    import pyarrow as pa

    from watchkeeper.profiles.layout import Layout
    from watchkeeper.profiles.profile import Profile


class RemoteRows(ABC):
    """Rows on an engine that profiles them there.

    The law: its profiles are those that the kernel gives of the same rows, counts exactly and sums
    up to reordering. They hold the tallies of the model's rules as well. Every method raises
    `InputError` with one sentence where the engine fails; none gives a profile of a part.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """What to call them in a report or an error, without secrets."""

    @property
    @abstractmethod
    def schema(self) -> pa.Schema:
        """The columns and the Arrow types that the engine gives them out in."""

    @abstractmethod
    def sample(self, rows: int, *, seed: float = 0.5) -> pa.Table:
        """About `rows` rows at random, or all where there are no more; `seed` from 0 to 1."""

    @abstractmethod
    def profile(self, layout: Layout, *, progress: Progress = silent) -> Profile:
        """The profile of all rows."""

    @abstractmethod
    def profile_windows(
        self,
        layout: Layout,
        timestamp: str,
        edges: Sequence[float],
        *,
        progress: Progress = silent,
    ) -> dict[int, Profile]:
        """A profile for each window between two successive `edges` (seconds since 1970) with rows.

        A window is half-open; rows without a time are in none.
        """

    @abstractmethod
    def span(self, timestamp: str) -> tuple[float, float] | None:
        """The first and last time in a column, in seconds since 1970; None where there is none."""

    @abstractmethod
    def between(self, timestamp: str, start: float, end: float) -> RemoteRows:
        """The rows with `start <= timestamp < end`, in seconds since 1970.

        They are read over the same connection, which their `close` leaves open.
        """

    @abstractmethod
    def close(self) -> None:
        """Close what was opened for them."""
