"""Row rules, patterns and lengths counted by the engine, and put into a profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
from msgspec.structs import replace

from watchkeeper.app.sources import Rows, open_local
from watchkeeper.core.errors import InputError, RuleError
from watchkeeper.profiles.layout import Layout
from watchkeeper.profiles.profile import Profile, Tally
from watchkeeper.profiles.remote import RemoteRows
from watchkeeper.profiles.tallies import checks_of, read_tallies, reference_values, tally_query


@dataclass(frozen=True, slots=True)
class Span:
    """The rows of `column` with `start <= value < end`, in seconds since 1970."""

    column: str
    start: float
    end: float


def with_tallies(profile: Profile, source: Rows, *, span: Span | None = None) -> Profile:
    """The profile with the tallies of its model's rules, patterns and lengths.

    Costs nothing where the model has none of them, or where the engine that made the profile has
    counted them; else one query over the columns they name.

    Raises
    ------
    RuleError
        A rule does not fit the columns, or the engine refuses it.
    """
    if isinstance(source, RemoteRows):
        return profile
    columns = source.schema.names
    checks = checks_of(profile.layout.model, columns, reference=reference_values(profile.layout))
    if not checks:
        return profile
    table = source.table()
    if span is not None:
        seconds = table[span.column].cast("timestamp").epoch_seconds()
        table = table.filter((seconds >= span.start) & (seconds < span.end))
    try:
        query = tally_query(table, checks)
        # An engine's own way knows its time limit, and Ctrl-C.
        run = getattr(source, "run", None)
        answer = query.to_pyarrow() if run is None else run(query)
    except (RuleError, InputError):
        raise
    except Exception as error:  # each engine raises errors of its own
        reason = str(error).strip().splitlines()[0]
        raise RuleError(
            f"the row rules cannot be evaluated on {source.name} ({reason}); check that they "
            "compare columns with values of their own type"
        ) from error
    tallies = read_tallies(answer, checks).get((), {})
    return replace(profile, whole=replace(profile.whole, tallies=tallies))


def tallies_by(table: pa.Table, layout: Layout, key: str) -> Mapping[int, Mapping[str, Tally]]:
    """The tallies of the model's rules in each group of rows, by one query.

    Parameters
    ----------
    table
        The rows, under the names of the model.
    layout
        Of the model's reference.
    key
        The column of whole numbers that groups the rows.
    """
    checks = checks_of(layout.model, table.column_names, reference=reference_values(layout))
    if not checks or table.num_rows == 0:
        return {}
    source = open_local(table, name="the records")
    answer = tally_query(source.table(), checks, by=[key]).to_pyarrow()
    return {int(group[0]): held for group, held in read_tallies(answer, checks, by=[key]).items()}


def check_rules(layout: Layout, source: Rows) -> None:
    """Refuse a rule that does not fit the columns before the long work begins."""
    checks = checks_of(layout.model, source.schema.names, reference=reference_values(layout))
    if checks:
        import ibis  # Half a second, which a model without rules never needs.

        empty = ibis.memtable(source.schema.empty_table())
        for check in checks.values():
            check(empty)
