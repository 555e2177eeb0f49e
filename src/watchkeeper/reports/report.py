"""A report as an object: every number by name, as a data frame, as a file, in a notebook."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from watchkeeper.core.windows import Window

Progress = Callable[[float, str], None]


class Part:
    """A part of a document: keys as attributes, named entries by `[]`.

    Iterating, `len` and `in` go over the entries: the columns of `drift` and `quality`, the
    metrics of `performance`, else the keys themselves.

    Examples
    --------
    >>> drift = Part({"alpha": 0.05, "columns": {"temp": {"verdict": "drifted"}}}, "columns")
    >>> drift["temp"].verdict, drift.alpha, list(drift)
    ('drifted', 0.05, ['temp'])
    """

    __slots__ = ("_data", "_entries")

    def __init__(self, data: Mapping[str, Any], entries: str | None = None) -> None:
        self._data = data
        self._entries: Mapping[str, Any] = data[entries] if entries else data

    def __getattr__(self, key: str) -> Any:
        if key.startswith("_"):
            raise AttributeError(key)
        try:
            return _wrapped(self._data[key])
        except KeyError:
            known = ", ".join(map(str, self._data))
            raise AttributeError(f"there is no {key!r} here; there is {known}") from None

    def __getitem__(self, key: str) -> Any:
        try:
            return _wrapped(self._entries[key])
        except KeyError:
            known = ", ".join(map(str, list(self._entries)[:20]))
            raise KeyError(f"there is no {key!r}; there is {known}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __dir__(self) -> list[str]:
        return [*object.__dir__(self), *map(str, self._data)]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Part) and self._data == other._data

    __hash__ = None  # type: ignore[assignment]  # it wraps a mapping, which has none

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{key}={value!r}" if not isinstance(value, (dict, list)) else f"{key}=<{len(value)}>"
            for key, value in self._data.items()
        )
        return f"<{shown}>"

    def to_dict(self) -> dict[str, Any]:
        """The part as plain values."""
        return dict(self._data)


def _wrapped(value: Any) -> Any:
    """Mappings, also in lists, as parts; anything else as it is."""
    if isinstance(value, Mapping):
        return Part(value)
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        return [Part(item) for item in value]
    return value


class Report:
    """A comparison of two sets of rows, or the overview of one over time.

    Parameters
    ----------
    document
        A report document; see `docs/reference/report.md`.
    windows
        For an overview, the document of each window.

    Examples
    --------
    >>> import watchkeeper as wk, pyarrow as pa
    >>> rows = pa.table({"x": list(range(1000))})
    >>> report = wk.compare(rows, rows)
    >>> report.verdict, report.drift["x"].metrics["ks"].value
    ('stable', 0.0)
    """

    __slots__ = ("_document", "windows")

    def __init__(
        self, document: Mapping[str, Any], *, windows: list[Mapping[str, Any]] | None = None
    ) -> None:
        self._document = dict(document)
        self.windows: list[Report] = [Report(window) for window in windows or []]

    @property
    def kind(self) -> str:
        """`comparison` or `track`."""
        return str(self._document["kind"])

    @property
    def summary(self) -> Part:
        """The verdict, the headline and the sentences."""
        return Part(self._document["summary"])

    @property
    def headline(self) -> str:
        """The finding in one sentence."""
        return str(self._document["summary"]["headline"])

    @property
    def verdict(self) -> str:
        """`drifted`, `stable` or `not_enough_data`."""
        return str(self._document["summary"]["verdict"])

    @property
    def passed(self) -> bool:
        """Whether no check failed; warnings pass, as with `watchkeeper check`."""
        return bool(self._document["summary"]["status"] != "fail")

    @property
    def drift(self) -> Part:
        """Drift, by column: `report.drift["temp"].metrics["psi"].value`."""
        part = self._document["drift"]
        return Part(part, "columns" if self.kind == "comparison" else None)

    @property
    def performance(self) -> Part | None:
        """Performance, by metric: `report.performance["accuracy"].low`; None without labels."""
        part = self._document["performance"]
        if not part:
            return None
        return Part(part, "metrics" if self.kind == "comparison" else None)

    @property
    def quality(self) -> Part:
        """Quality, by column: `report.quality["temp"].missing.current`; and `.scores`, `.rules`."""
        part = self._document["quality"]
        return Part(part, "columns" if self.kind == "comparison" else None)

    @property
    def checks(self) -> list[Part]:
        """Every check, failures first; none for an overview, whose windows have their own."""
        return [Part(check) for check in self._document.get("checks", [])]

    @property
    def model(self) -> Part:
        """The model's roles."""
        return Part(self._document["model"])

    @property
    def reference(self) -> Part:
        """The name, rows and range of the reference."""
        return Part(self._document["reference"])

    @property
    def current(self) -> Part | None:
        """The name, rows and range of the current rows; None for an overview."""
        part = self._document.get("current")
        return Part(part) if part else None

    def to_dict(self) -> dict[str, Any]:
        """The document itself."""
        return self._document

    def to_json(self) -> str:
        """The document as JSON."""
        from watchkeeper.reports.json import render_json

        return render_json(self._document)

    def to_arrow(self, table: str = "drift") -> pa.Table:
        """A part as an Arrow table; see `to_frame`."""
        from watchkeeper.reports.frames import table as make

        return make(self._document, table)

    def to_frame(self, table: str = "drift") -> Any:
        """A part as a pandas data frame, or as an Arrow table where pandas is not installed.

        Parameters
        ----------
        table
            For a comparison `drift`, `metrics`, `performance`, `segments`, `quality` or `checks`;
            for an overview `windows`, `drift`, `performance`, `segments` or `quality`.

        Raises
        ------
        ModelError
            There is no such table.
        """
        made = self.to_arrow(table)
        return made.to_pandas() if find_spec("pandas") else made

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the report in the format of the suffix: .html, .json, .md or .xml (JUnit).

        Raises
        ------
        InputError
            No format has this suffix, or the file cannot be written.
        """
        from watchkeeper.reports.saving import renderer, write_text

        write_text(renderer(path)(self._document), path)

    def __repr__(self) -> str:
        return f"<Report {self.verdict}: {self.headline}>"

    def _repr_html_(self) -> str:
        from watchkeeper.reports.html import render_fragment

        return render_fragment(self._document)

    def _repr_markdown_(self) -> str:
        from watchkeeper.reports.markdown import render_markdown

        return render_markdown(self._document)


def compare(
    reference: object,
    current: object,
    *,
    model: object = None,
    now: datetime | None = None,
    progress: Progress | None = None,
    **roles: Any,
) -> Report:
    """Compare two sets of rows.

    Parameters
    ----------
    reference, current
        A path, glob or directory; the URL of a table or query in a database or lake, such as
        `postgres://user@host/database?table=name`; a pandas, Polars, Arrow, DuckDB or Ibis table;
        a profile. Rows on PostgreSQL and other databases stay there: only profiles come back.
    model
        The path of a model file, its content as a mapping, or a `Model`; kinds are inferred and
        no column has a role where it is None.
    now
        The time that timeliness is measured at; not measured where it is None.
    progress
        Called with the share that is done and what is being done.
    **roles
        Roles and options that win over the model: `label`, `prediction`, `score`, `scores`
        (class to column), `id`, `timestamp`, `group`, `segments`, `sensitive`, `kinds` (column to
        kind), `ignore`.

    Raises
    ------
    InputError
        Data that cannot be read, are empty, or share no column.
    ModelError
        A role that does not exist or names no column.

    Examples
    --------
    >>> import watchkeeper as wk, pyarrow as pa
    >>> reference = pa.table({"x": list(range(1000))})
    >>> wk.compare(reference, reference).passed
    True
    """
    from watchkeeper.app.compare import compare as run

    return Report(
        run(reference, current, model=model, roles=_given(roles), now=now, **_told(progress))
    )


def track(  # noqa: PLR0913  # the options of the use case, as keywords
    data: object,
    *,
    model: object = None,
    every: str = "7d",
    reference: object = None,
    start: datetime | None = None,
    end: datetime | None = None,
    link: Callable[[Window], str] | None = None,
    progress: Progress | None = None,
    **roles: Any,
) -> Report:
    """Follow a model over time, window by window, against one reference.

    Parameters
    ----------
    data
        Rows with a timestamp column, in any order: whatever `compare` takes but a profile.
    model, progress, **roles
        As for `compare`; one of them names the timestamp.
    every
        The length of a window: `15m`, `6h`, `7d`, `1mo`.
    reference
        Data, a profile, or `START..END` for a range of `data`; the first window where it is None.
    start, end
        The half-open range to follow.
    link
        Where the report of a window will lie, for the overview to point at.

    Returns
    -------
    Report
        The overview; its `windows` are the reports of each window.
    """
    from watchkeeper.app.track import track as run

    overview, windows = run(
        data, model=model, roles=_given(roles), every=every, reference=reference, start=start,
        end=end, link=link, **_told(progress),
    )  # fmt: skip
    return Report(overview, windows=list(windows))


def profile(
    data: object,
    *,
    model: object = None,
    like: object = None,
    progress: Progress | None = None,
    **roles: Any,
) -> Any:
    """The profile of a set of rows, which merges with others and stands in for the rows.

    Parameters
    ----------
    data, model, progress, **roles
        As for `compare`.
    like
        A profile, or its path, whose layout to use, so that both can be compared and merged.
    """
    from watchkeeper.app.profile import make_profile

    return make_profile(data, model=model, roles=_given(roles), like=like, **_told(progress))


def infer(data: object, **roles: Any) -> tuple[Any, str]:
    """A model from data, with suggested constraints, and its file as YAML for review.

    Parameters
    ----------
    data
        The reference: whatever `compare` takes but a profile.
    **roles
        As for `compare`.
    """
    from watchkeeper.app.infer import infer_model

    return infer_model(data, roles=_given(roles))


def _given(roles: Mapping[str, Any]) -> dict[str, Any]:
    """The roles that were given; the use cases refuse those that do not exist."""
    return {role: value for role, value in roles.items() if value is not None}


def _told(progress: Progress | None) -> dict[str, Any]:
    return {"progress": progress} if progress else {}
