"""Rules mean the same on every engine."""

from __future__ import annotations

import itertools
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engines.conftest import Loaded
from tests.profiles.test_rules import CASES, REFERENCE
from tests.profiles.test_rules import ROWS as EXAMPLES
from tests.profiles.test_rules_oracle import COLUMNS, ROWS, TRUTH, Text
from watchkeeper.core.model import Column, Constraint, Kind, Model, Rule
from watchkeeper.profiles.profile import Tally
from watchkeeper.profiles.rules import translate
from watchkeeper.profiles.tallies import checks_of, read_tallies, tally_query

NAMES = itertools.count()
SCHEMA = pa.schema([(column, type_) for column, (_, type_) in COLUMNS.items()])


def test_meaning(loaded: Loaded) -> None:
    """Each rule of the list says of each row what its documentation says."""
    plain = EXAMPLES.drop_columns(["list"])
    country = plain["country"].cast(pa.string())
    plain = plain.set_column(plain.column_names.index("country"), "country", country)
    plain = plain.append_column("position", pa.array(range(plain.num_rows)))
    table = loaded.load(plain, "rules_meaning")
    said = {
        f"r{index}": translate(rule, table, reference=REFERENCE)
        for index, (rule, _) in enumerate(CASES)
    }
    found = loaded.engine.run(table.mutate(**said).order_by("position").select(*said))
    assert {rule: found[f"r{i}"].to_pylist() for i, (rule, _) in enumerate(CASES)} == dict(CASES)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(rules=st.lists(TRUTH, min_size=4, max_size=10), rows=ROWS)
def test_engines_agree(
    every_engine: tuple[Loaded, ...], rules: list[Text], rows: list[dict[str, Any]]
) -> None:
    """On rules and rows drawn at random all engines say the same."""
    data = pa.Table.from_pylist(rows, schema=SCHEMA)
    data = data.append_column("position", pa.array(range(len(rows))))
    name = f"rules_{next(NAMES)}"
    answers = []
    for engine in every_engine:
        table = engine.load(data, name)
        said = {f"r{i}": translate(rule.rule, table) for i, rule in enumerate(rules)}
        found = engine.engine.run(table.mutate(**said).order_by("position").select(*said))
        answers.append([found[column].to_pylist() for column in said])
    for i, rule in enumerate(rules):
        for answer in answers[1:]:
            assert answer[i] == answers[0][i], rule.rule


def test_tallies(loaded: Loaded) -> None:
    """Rules, patterns and lengths are counted by group."""
    data = pa.table(
        {"day": ["a", "a", "b"], "x": [1, -1, None], "mail": ["a@b.de", "nobody", None]}
    )
    model = Model(
        "m",
        (Column("mail", Kind.TEXT, constraint=Constraint(pattern="email", min_length=6)),),
        rules=(Rule("positive", "x > 0"),),
    )
    checks = checks_of(model, data.column_names)
    table = loaded.load(data, "rules_tallies")
    answer = loaded.engine.run(tally_query(table, checks, by=["day"]))
    found = read_tallies(answer, checks, by=["day"])
    assert found["a",]["rule:positive"] == Tally(2, 1, 0)
    assert found["a",]["pattern:mail"] == Tally(2, 1, 0)
    assert found["a",]["length:mail"] == Tally(2, 0, 0)
    assert set(found["b",].values()) == {Tally(1, 0, 1)}
