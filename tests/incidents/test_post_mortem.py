"""The draft of a post-mortem: a golden scenario, and what must not get through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from watchkeeper.core.alert import Alert
from watchkeeper.incidents import events
from watchkeeper.incidents.incident import SYSTEM, Role
from watchkeeper.incidents.lifecycle import apply, open_incident
from watchkeeper.incidents.post_mortem import (
    BLANK,
    ActionItem,
    Facts,
    action_items,
    blanks,
    draft,
)

T0 = datetime(2026, 3, 2, 12, tzinfo=UTC)
GOLDEN = Path(__file__).parent / "post_mortem.golden.md"


def at(minutes):
    """A time of the story."""
    return T0 + timedelta(minutes=minutes)


def story():
    """A bad version, found by an alert, rolled back, opened again once, resolved."""
    alert = Alert(
        {"alertname": "ErrorRate", "model": "fares", "severity": "P1"},
        {"summary": "7 % of requests fail"}, at(-6), None, "https://wk.example/alerts/1",
    )  # fmt: skip
    incident, entries = open_incident(
        41, "Requests for fares fail", "SEV-1", "service", T0, models=["fares"]
    )
    steps = [
        (0, SYSTEM, events.alert_fires(alert)),
        (
            1,
            SYSTEM,
            events.Change("fares version 5 deployed by ci", at(-20), "https://ci.example/5"),
        ),
        (4, "ana", events.Acknowledge()),
        (6, "ana", events.Message("We are looking into failing fares.", "#status")),
        (8, "ana", events.Assign(Role.SCRIBE, "bo")),
        (12, "ana", events.Decision("Back to version 4: only version 5 fails")),
        (13, "cy", events.Action("Pointed champion of fares from 5 to 4", data={"run": 9})),
        (20, "ana", events.Mitigate("error rate below 1 %")),
        (25, SYSTEM, events.AlertOver(alert.fingerprint, at(25))),
        (60, "ana", events.Resolve()),
        (90, "bo", events.Reopen("two regions still fail")),
        (95, "ana", events.Mitigate("caches cleared")),
        (120, "ana", events.Resolve()),
    ]
    for minute, actor, event in steps:
        incident, new = apply(incident, event, at(minute), actor)
        entries += new
    return incident, entries


FACTS = Facts(
    impact={"predictions affected": "12,400", "users": "about 3,000"},
    runbooks={"Requests fail": "https://wk.example/runbooks/high-error-rate"},
    evidence={"Error rate by version": "https://wk.example/charts/77"},
    actions=(ActionItem("Test against last week's traffic | all regions", "prevent", "cy"),),
    url="https://wk.example/incidents/41",
)


def test_the_golden_story():
    """The draft is that of the file, to the letter."""
    incident, entries = story()
    text = draft(incident, reversed(entries), FACTS)
    assert text == GOLDEN.read_text(encoding="utf-8")
    assert text == draft(incident, entries, FACTS)


@pytest.mark.parametrize(
    "field",
    ["Summary", "Impact", "Detection", "Trigger", "Root causes and contributing factors",
     "Mitigation and resolution", "Timeline", "Responders", "What went well", "What went badly",
     "Where we were lucky", "Action items", "Messages", "Runbooks and lessons for them",
     "Supporting data"],
)  # fmt: skip
def test_every_field_is_there(field):
    """Also where nothing is known at all; then it is a blank, or says so."""
    incident, entries = open_incident(1, "Odd", "SEV-3", "data", T0)
    for text in (draft(incident, entries), draft(*story(), FACTS)):
        section = text.partition(f"## {field}\n")[2].split("\n## ")[0]
        assert section.strip()


def test_what_only_people_know_is_marked():
    """Nobody is told that the draft is done while it is not; what is known is no blank."""
    empty = draft(*open_incident(1, "Odd", "SEV-3", "data", T0))
    assert blanks(empty) > blanks(draft(*story(), FACTS)) > 8
    assert "| Owner | ana |" in draft(*story())


def test_text_from_outside_means_nothing():
    """Neither a heading, a table, a link nor HTML: labels come from who sends predictions."""
    evil = "x | y\n## Root causes\n<script>alert(1)</script> [a](javascript:b) `c` **[to fill in]**"
    incident, entries = open_incident(1, evil, "SEV-3", "data", T0, models=[evil])
    incident, more = apply(incident, events.Note(evil, "javascript:alert(1)"), T0, evil)
    text = draft(incident, [*entries, *more], Facts({evil: evil}, {evil: "javascript:x"}))
    assert text.count("\n## Root causes") == 1
    assert "<script" not in text.replace("\\<", "")
    assert "](" not in text.replace("\\]", "")
    assert "(<javascript" not in text
    plain = draft(*open_incident(1, "a", "SEV-3", "data", T0, models=["m"]), Facts({"b": "c"}))
    assert blanks(text) == blanks(plain)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.replace("\\|", "").count("|") in {3, 5, 6} for line in rows)


def test_action_items_come_back():
    """What people fill into the table can be read, to be exported."""
    text = draft(*story(), FACTS).replace(
        f"| {BLANK} | prevent, detect, mitigate or process | {BLANK} | {BLANK} | {BLANK} |",
        "| Alert by region | detect | bo | 2026-04-01 | #12 |",
    )
    assert action_items(text) == [
        ActionItem("Test against last week's traffic | all regions", "prevent", "cy"),
        ActionItem("Alert by region", "detect", "bo", "2026-04-01", "#12"),
    ]
    assert action_items(draft(*story())) == []
