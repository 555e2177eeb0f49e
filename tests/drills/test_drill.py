"""Drills on a real folder: each harm is noticed by the rule that is meant for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from tests.live.stations import START, Station, flights, labels, predictions, station
from watchkeeper.app.alarms.rule_book import RULES
from watchkeeper.app.alarms.slos import SLOS
from watchkeeper.app.drills.drill import run_drill
from watchkeeper.app.drills.report import Plan, Report
from watchkeeper.app.drills.spelling import read_injection
from watchkeeper.cli.main import app
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import InputError, NotFoundError
from watchkeeper.monitors.starter import starter_rules
from watchkeeper.monitors.starter_rules import Portrait
from watchkeeper.store.catalogue.alarms import AlarmStore, FileRow

DAYS = 4
AT = START + timedelta(days=1)
END = START + timedelta(days=DAYS)
ROWS = DAYS * 24 * 250
HARM = {
    "latency=x100": ("HighLatency", timedelta(hours=1)),
    "errors=20%": ("HighErrorRate", timedelta(hours=1)),
    "silence": ("NoPredictions", timedelta(hours=2)),
    "nulls:temp=30%": ("MissingValues", timedelta(days=1)),
    "drift:airport=20%": ("NewCategories", timedelta(days=1)),
    "drift:temp=2sd": ("FeaturesDrifted", timedelta(days=3)),
    "labels=50%": ("Degraded", timedelta(days=3)),
    "missing-labels": ("FewLabels", timedelta(days=1)),
}
"""Each harm, the rule that is meant for it, and the latest that it may notice."""

NOTHING = ("latency=x1", "nulls:temp=0%", "labels=0%")
KEPT = {alert for alert, _ in HARM.values()}
OTHER = "groups: [{name: g, model: other, rules: [{alert: A, expr: volume < 1}]}]"
FEW_LABELS = {"alert": "FewLabels", "expr": "label_coverage < 0.5", "window": "6h"}


def rule_text() -> str:
    """The rules that a new model begins with, those that are meant for the harm, and one more."""
    portrait = Portrait(
        "late", task="binary", features=("temp", "airport"), has_reference=True, has_latency=True,
        prediction="guess",
    )  # fmt: skip
    content: dict[str, Any] = yaml.safe_load(starter_rules(portrait))
    for group in content["groups"]:
        group["rules"] = [rule for rule in group["rules"] if rule["alert"] in KEPT]
    content["groups"].append({"name": "labels", "model": "late", "rules": [FEW_LABELS]})
    return yaml.safe_dump(content)


def prints(folder: Path) -> dict[str, str]:
    """A digest of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def filled(folder: Path, rows: int) -> Iterator[Station]:
    """A station that has measured some days of traffic."""
    with station(folder, END + timedelta(days=3)) as held:
        held.refer(flights(3_000, seed=9))
        data = flights(rows, hours=DAYS * 24)
        sent, truths = predictions(data), labels(data)
        for first in range(0, rows, 5_000):
            held.send(Signal.PREDICTIONS, sent[first : first + 5_000])
            held.send(Signal.LABELS, truths[first : first + 5_000])
        held.work()
        yield held


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a server that has stopped."""
    found = tmp_path_factory.mktemp("drills")
    for _ in filled(found, ROWS):
        pass
    return found


def drilled(folder: Path, *texts: str, **further: Any) -> Report:
    """A drill of some injections."""
    told = {"at": AT, "rules": ("rules.yaml", rule_text())} | further
    return run_drill(folder, Plan("late", [read_injection(text) for text in texts], **told))


@pytest.fixture(scope="module")
def report(folder: Path) -> Report:
    """Every harm, and every harm of strength zero."""
    before = prints(folder)
    found = drilled(folder, *HARM, *NOTHING)
    assert prints(folder) == before, "the folder of the server was written to"
    return found


@pytest.mark.parametrize("text", HARM)
def test_harm_is_noticed(report: Report, text: str) -> None:
    """Each harm is noticed in time by the rule that is meant for it."""
    (found,) = (one for one in report.drills if one.injection.text == text)
    alert, latest = HARM[text]
    delays = [one.delay for one in found.noticed if one.alert == alert and one.delay is not None]
    assert delays, [(one.alert, one.outcome, one.note) for one in found.verdicts]
    assert timedelta() < min(delays) <= latest
    assert found.rows > 0


@pytest.mark.parametrize("text", NOTHING)
def test_no_harm_is_noticed_by_none(report: Report, text: str) -> None:
    """Harm of strength zero leaves every alert as it was."""
    (found,) = (one for one in report.drills if one.injection.text == text)
    assert found.noticed == ()
    assert found in report.unnoticed


def test_the_report(report: Report) -> None:
    """It says what it is about, and that it is a drill; it can be written as JSON."""
    told = json.loads(json.dumps(report.to_dict()))
    assert told["drill"] is True
    assert told["unnoticed"] == list(NOTHING)
    assert (report.start, report.at, report.end) == (START, AT, END)
    assert not report.cut
    assert told["label_delay_s"] == timedelta(days=2).total_seconds()
    first = told["drills"][list(HARM).index("silence")]
    assert (first["first_alert"], first["delay_s"]) == ("NoPredictions", 7200.0)


def test_the_same_seed_is_the_same_drill(folder: Path) -> None:
    """A drill can be repeated."""
    one, two = (drilled(folder, "nulls:temp=6%", max_rows=3_000).drills[0] for _ in range(2))
    assert one == two


def test_too_many_rows_cut_the_window(folder: Path) -> None:
    """The window ends where it would hold too many rows; one hour always stays."""
    found = drilled(folder, "silence", max_rows=2_000)
    assert found.cut
    assert timedelta(hours=5) < found.end - AT < timedelta(hours=10)
    assert found.drills[0].noticed[0].alert == "NoPredictions"
    assert drilled(folder, "silence", max_rows=1).end == AT + timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "further", "words"),
    [
        ("nulls:tmp=30%", {}, "did you mean 'temp'"),
        ("silence", {"at": END}, "outside of the window"),
        ("silence", {"window": "2020-01-01..2020-01-02", "at": None}, "has no rows in"),
        ("silence", {"rules": None}, "no rules are in force"),
        ("silence", {"rules": ("r.yaml", OTHER)}, "no rules for the model"),
    ],
    ids=["column", "time", "window", "in force", "another model"],
)  # fmt: skip
def test_what_cannot_be_drilled(
    folder: Path, text: str, further: dict[str, Any], words: str
) -> None:
    """What makes no sense ends in a sentence."""
    with pytest.raises(InputError, match=words):
        drilled(folder, text, **further)


def test_unknown_models_and_folders(folder: Path, tmp_path: Path) -> None:
    """A model or a folder that is not there is said to be not there."""
    with pytest.raises(NotFoundError, match="lat"):
        run_drill(folder, Plan("lat", [read_injection("silence")]))
    with pytest.raises(InputError, match="no folder of a server"):
        drilled(tmp_path, "silence")


def test_a_running_server_and_the_rules_in_force(tmp_path: Path) -> None:
    """A drill works while the stores are open, with the rules that were applied."""
    for held in filled(tmp_path, 3_000):
        store = AlarmStore(tmp_path / "catalogue.db")
        with store.work() as work:
            work.put_file(FileRow(RULES, "late", rule_text(), held.now, None))
        store.close()
        tables = prints(tmp_path / "tables")
        databases = {
            name: (tmp_path / name).read_bytes() for name in ("buckets.db", "catalogue.db")
        }
        found = drilled(tmp_path, "silence", rules=None)
        assert found.drills[0].noticed[0].alert == "NoPredictions"
        assert prints(tmp_path / "tables") == tables
        for name, content in databases.items():
            assert (tmp_path / name).read_bytes() == content
        held.send(Signal.PREDICTIONS, predictions(flights(10, seed=77)))
        held.work()


def test_the_command(folder: Path, tmp_path: Path) -> None:
    """People read a table and a sentence; the exit code says whether somebody noticed."""
    rules = tmp_path / "rules.yaml"
    rules.write_text(rule_text(), encoding="utf-8")
    common = ["--at", "2026-03-03T00:00", "--rules", str(rules), "--data", str(folder)]
    found = CliRunner().invoke(app, ["drill", "late", "--inject", "silence", *common])
    assert found.exit_code == 0, found.output
    assert "silence: noticed after 2h by NoPredictions (P1)" in found.output
    assert "nobody was told" in found.output
    found = CliRunner().invoke(app, ["drill", "late", "--inject", "errors=0%", *common])
    assert found.exit_code == 1
    assert "errors=0%: NOBODY NOTICED within 3d" in found.output
    found = CliRunner().invoke(app, ["--json", "drill", "late", "--inject", "silence", *common])
    assert json.loads(found.stdout)["drills"][0]["first_alert"] == "NoPredictions"


SLO_FILE = """
slos:
  - {name: answers, model: late, objective: 99%, sli: availability, window: 30d}
  - {name: fast, model: late, objective: 99%, sli: {kind: latency, under_ms: 2000}, window: 30d}
"""


def test_slos_notice_what_burns_their_budget(tmp_path: Path) -> None:
    """The rules of SLOs that are in force are tried like all others, each on its own harm."""
    for held in filled(tmp_path, 12_000):
        store = AlarmStore(tmp_path / "catalogue.db")
        with store.work() as work:
            work.put_file(FileRow(SLOS, "late", SLO_FILE, held.now, None))
        store.close()
        found = drilled(
            tmp_path, "errors=60%", "latency=x1000", rules=None, expected=("answers", "fast")
        )
        assert found.missed == found.unnoticed == ()
        errors, latency = (one.noticed for one in found.drills)
        assert {one.group for one in errors} == {"slo: answers"}
        assert {one.group for one in latency} == {"slo: fast"}
        assert errors[0].alert == "ErrorBudgetBurn"
        assert errors[0].delay is not None
        assert errors[0].delay <= timedelta(hours=1)
        found = drilled(tmp_path, "errors=60%", rules=None, expected=("answers", "fast"))
        assert found.missed == ("fast",)
        with pytest.raises(InputError, match="did you mean 'answers'"):
            drilled(tmp_path, "silence", rules=None, expected=("answer",))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["silence", "--expect", "NoPredictions"], 0),
        (["silence", "--expect", "HighLatency"], 1),
        (["silence", "--expect", "HighLatency", "--fail-on", "never"], 0),
        (["errors=0%"], 1),
        (["errors=0%", "--fail-on", "never"], 0),
        (["silence", "--expect", "HighLatencies"], 2),
    ],
)
def test_the_exit_code_is_what_a_pipeline_asks_for(
    folder: Path, tmp_path: Path, words: list[str], code: int
) -> None:
    """Unnoticed harm, or a rule that was expected and noticed nothing; never where so said."""
    rules = tmp_path / "rules.yaml"
    rules.write_text(rule_text(), encoding="utf-8")
    common = ["--at", "2026-03-03T00:00", "--rules", str(rules), "--data", str(folder)]
    found = CliRunner().invoke(app, ["drill", "late", "--inject", *words, *common])
    assert found.exit_code == code, found.output
    expected = "HighLatency was expected to notice, and noticed NOTHING." in found.output
    assert expected == ("HighLatency" in words)


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--inject", "latencies=x3"], "did you mean"), (["--inject", "silence", "--at", "noon"],
     "write a time such as")],
    ids=["kind", "time"],
)  # fmt: skip
def test_the_command_refuses(folder: Path, words: list[str], said: str) -> None:
    """What cannot be read is refused before any work."""
    found = CliRunner().invoke(app, ["drill", "late", *words, "--data", str(folder)])
    assert found.exit_code == 2
    assert said in " ".join(found.output.split())
