"""Two sets of rows in, the report document out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa

from watchkeeper.app.counting import check_rules, with_tallies
from watchkeeper.app.document import Side, assemble
from watchkeeper.app.infer import Roles, open_model, resolve, with_roles
from watchkeeper.app.limits import refuse_unknown
from watchkeeper.app.model_schema import ModelFile
from watchkeeper.app.profiling import draw_sample, profile_source
from watchkeeper.app.sources import Rows, as_profile, reading
from watchkeeper.core.errors import InputError
from watchkeeper.core.model import Kind
from watchkeeper.core.progress import Progress, silent
from watchkeeper.profiles.fit import fit_layout, with_bounds
from watchkeeper.profiles.layout import Layout
from watchkeeper.profiles.profile import Profile
from watchkeeper.store.engines.urls import has_scheme, is_url, parse_url


def compare(
    reference: object,
    current: object,
    *,
    model: object = None,
    roles: Roles | None = None,
    now: datetime | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Compare a window with its reference.

    Parameters
    ----------
    reference, current
        Paths, URLs of databases, data frames, Arrow, DuckDB, Ibis or Spark objects; or profiles
        of them.
    model
        A model, the path of a model file, or what such a file holds as a mapping. Where it is
        None, kinds are inferred and no column has a role but those in `roles`.
    roles
        Roles, kinds and options that win over the model.
    now
        The time that timeliness is measured at; not measured where it is None.
    progress
        Told how far it is.

    Returns
    -------
    dict
        The report document: see `docs/reference/report.md`.

    Raises
    ------
    InputError
        Data that cannot be read, are empty, or share no column.
    ModelError
        A role that names no column, or columns that do not fit their role.
    ProfileError
        Profiles that do not stand on one layout.
    """
    before, after = prepare(reference, current, model=model, roles=roles, progress=progress)
    progress(1.0, "measuring")
    return assemble(before, after, now=now)


def prepare(
    reference: object,
    current: object,
    *,
    model: object = None,
    roles: Roles | None = None,
    progress: Progress = silent,
) -> tuple[Side, Side]:
    """Both sides as profiles on one layout."""
    made = as_profile(current)
    before = prepare_reference(
        reference, model=model, roles=roles, layout=made.layout if made else None, progress=progress
    )
    name = describe(current, "current")
    if made is None:
        as_text = texts_of(before.profile.layout)
        with reading(current, name="the current data", as_text=as_text) as source:
            refuse_strangers(before.profile.layout, source)
            made = profile_source(source, before.profile.layout, progress=progress)
            made = with_tallies(made, source)
    elif made.layout.id != before.profile.layout.id:
        raise_foreign(name)
    if made.whole.rows == 0:
        raise InputError(f"{name} has no rows; there is nothing to compare")
    return before, Side(made, name)


def prepare_reference(
    reference: object,
    *,
    model: object = None,
    roles: Roles | None = None,
    layout: Layout | None = None,
    progress: Progress = silent,
) -> Side:
    """The reference as a profile, with the bounds of its grids measured."""
    name = describe(reference, "reference")
    profile = as_profile(reference)
    if profile is None:
        file = with_roles(open_model(model), roles or {})
        with reading(reference, name="the reference", as_text=texts(file)) as source:
            if layout is None:
                drawn = draw_sample(source, progress)
                layout = fit_layout(resolve(file, None, source.schema, drawn), drawn)
                del drawn
            refuse_unknown(layout.model)
            check_rules(layout, source)
            profile = with_bounds(profile_source(source, layout, progress=progress))
            profile = with_tallies(profile, source)
    if profile.whole.rows < MIN_REFERENCE:
        rows = profile.whole.rows
        raise InputError(
            f"{name} has {'one row' if rows == 1 else 'no rows'}; a reference needs at least 100 "
            "to say anything, and better ten times the rows of a window"
        )
    return Side(profile, name)


MIN_REFERENCE = 2
"""Rows below which a reference is refused rather than called 'not enough data'."""


def texts(file: ModelFile) -> tuple[str, ...]:
    """Columns of a CSV file that the user calls text, whatever they look like."""
    stated = {Kind.CATEGORICAL, Kind.TEXT}
    return tuple(name for name, column in file.columns.items() if column.kind in stated)


def texts_of(layout: Layout) -> tuple[str, ...]:
    """Columns that are text in the reference, so that a CSV file is read alike."""
    return tuple(name for name, dtype in layout.dtypes.items() if dtype.endswith("string"))


def refuse_strangers(layout: Layout, source: Rows) -> None:
    """Raise `InputError` where the data have no column of the model at all."""
    wanted = [column.name for column in layout.model.measured]
    if not set(wanted) & set(source.schema.names):
        raise InputError(
            f"{source.name} has none of the reference's columns: it has "
            f"{_listed(source.schema.names)}, the reference {_listed(wanted)}; check that both "
            "are data of the same model"
        )


def raise_foreign(name: str) -> None:
    """Refuse a profile made on another layout."""
    raise InputError(
        f"{name} was profiled on another layout than the reference; make it with "
        "`watchkeeper profile DATA --like REFERENCE.profile`"
    )


def describe(data: object, default: str) -> str:
    """What to call the data in a report: its path where it has one, its URL without secrets."""
    if isinstance(data, (Profile, pa.Table)) or not isinstance(data, str):
        return str(data) if hasattr(data, "__fspath__") else default
    if is_url(data):
        return parse_url(data).label
    # A URL of another kind is refused when it is opened; until then it may hold a password.
    return default if has_scheme(data) else data


def _listed(names: list[str], limit: int = 5) -> str:
    shown = ", ".join(names[:limit])
    return shown + (f" and {len(names) - limit} more" if len(names) > limit else "")
