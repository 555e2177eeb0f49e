"""The page a colleague would write: golden sentences, and their agreement with the tables."""

from __future__ import annotations

from typing import Any

import pytest

from tests.reports import documents
from watchkeeper.app.summary import summarize, summarize_track


def sentences(document: dict[str, Any]) -> str:
    """All sentences of a document's summary, one a line."""
    return "\n".join(document["summary"]["sentences"])


def test_headline_of_trouble() -> None:
    """The headline names the metric, its fall, who carries it, the features and what is broken."""
    assert documents.comparison()["summary"]["headline"] == (
        "Precision fell from 0.61 to 0.48, mostly at EWR; 3 of 4 features drifted: temp, dewp, "
        "visib; 1 column changed type (carrier) and 47 % of visib is missing."
    )


def test_headline_names_the_strongest_three() -> None:
    """With more than three drifted features the headline names the strongest three."""
    document = documents.calm()
    column = documents.numeric_column(0.4, drifted=True)
    names = [f"f{i}" for i in range(18)]
    stable = documents.numeric_column(0.01, drifted=False)
    document["drift"] |= {
        "ranking": names,
        "columns": {name: column if i < 7 else stable for i, name in enumerate(names)},
    }
    assert summarize(document)["headline"] == (
        "Accuracy held at 0.836; 7 of 18 features drifted, most: f0, f1, f2."
    )


def test_sentences_of_trouble() -> None:
    """Every finding is told once, the strongest first, with interval, rows and segment."""
    text = sentences(documents.comparison())
    for line in (
        (
            "Precision fell from 0.61 to 0.48, mostly at EWR (−0.13, 95 % interval −0.15 to "
            "−0.11, 9,000 rows)."
        ),
        "At EWR it fell from 0.62 to 0.29, which is 83 % of the change from 33 % of the rows.",
        "Also worse: log loss (0.41 to 0.52).",
        "3 of 4 features drifted beyond the tolerance of 0.05, strongest first: temp, dewp, visib.",
        "1 column changed type: carrier (string, now int64).",
        "Too many values are missing in visib (0.1 % before, 47 % now).",
        "Completeness is 95 %, below the target of 99 %.",
        (
            "The rule departs before it arrives holds for 98.5 % of the rows; the target is 100 % "
            "(405 rows break it)."
        ),
    ):
        assert text.splitlines().count(line) == 1, line


def test_calm_is_two_sentences() -> None:
    """Where nothing happened the summary says so and stops."""
    summary = documents.calm()["summary"]
    assert summary["headline"] == "Accuracy held at 0.836; none of 4 features drifted."
    assert len(summary["sentences"]) == 2
    assert (summary["verdict"], summary["status"]) == ("stable", "pass")


def test_lower_is_better_says_worse() -> None:
    """A metric that should be low rises: the sentence says that this is worse."""
    document = documents.calm()
    document["performance"]["metrics"] = {"mae": documents.judged(3.1, 4.2, direction="lower")}
    assert summarize(document)["headline"].startswith("MAE rose from 3.1 to 4.2 (worse)")


def test_better_is_not_told_as_worse() -> None:
    """An improvement is an improvement."""
    document = documents.calm()
    document["performance"]["metrics"] = {"recall": documents.judged(0.5, 0.7)}
    assert summarize(document)["headline"].startswith("Recall rose from 0.50 to 0.70;")


def test_fall_within_chance_is_not_a_headline() -> None:
    """A small fall whose interval holds zero and whose check passed is 'held'."""
    document = documents.calm()
    document["performance"]["metrics"] = {"recall": documents.judged(0.71, 0.70)}
    assert summarize(document)["headline"].startswith("Recall held at 0.700")


def test_not_enough_data_says_what_is_needed_and_when() -> None:
    """42 rows in a day of the 100 needed: 58 more come in another day and nine hours."""
    document = documents.bare()
    document["reference"]["rows"] = 5000
    document["current"] |= {
        "rows": 42,
        "start": "2013-04-01T00:00:00+00:00",
        "end": "2013-04-02T00:00:00+00:00",
    }
    assert summarize(document)["sentences"] == [
        (
            "Not enough data to judge 1 column (x): each side needs 100 rows with a value, the "
            "current has 42; at the present pace in 1 d 9 h."
        )
    ]


def test_no_labels_yet() -> None:
    """Without labels performance is unknown, not zero and not good."""
    summary = documents.unlabelled()["summary"]
    assert summary["headline"].startswith("No labels yet, so performance is unknown;")
    assert summary["sentences"][0].startswith("None of the 27.0 k current rows has a label yet")


@pytest.mark.parametrize(
    ("rows", "warned"), [(500, True), (2000, True), (20_000, False), (80_789, False)]
)
def test_small_reference_is_a_warning(rows: int, warned: bool) -> None:
    """The warning is passed on where chance is over half the tolerance: below some 3,000 rows."""
    document = documents.calm()
    document["reference"]["rows"] = rows
    document["drift"]["reference_warning"] = "the reference is small"
    assert ("The reference is small." in summarize(document)["warnings"]) == warned


def test_overlap_is_a_warning() -> None:
    """Rows that may be on both sides hide drift, so an overlap in time is told."""
    document = documents.calm()
    assert summarize(document)["warnings"] == []
    document["current"]["start"] = "2013-03-01T00:00:00+00:00"
    assert "overlap" in summarize(document)["warnings"][0]


def test_counts_are_those_of_the_document() -> None:
    """The counts of the summary are counts of its checks and columns, without the timestamp."""
    document = documents.comparison()
    document["drift"]["columns"]["when"] = documents.numeric_column(0.9, drifted=True) | {
        "role": "timestamp"
    }
    summary = summarize(document)
    assert summary["drift"] == {"columns": 5, "drifted": 4, "stable": 1, "not_enough_data": 0}
    assert summary["checks"] == {"passed": 1, "warned": 1, "failed": 4, "not_enough_data": 1}
    assert summary["checks"]["failed"] == sum(c["status"] == "fail" for c in document["checks"])


@pytest.mark.parametrize("make", documents.ALL.values(), ids=documents.ALL)
def test_sentences_are_sentences(make: Any) -> None:
    """Each is one line without control characters, and ends as a sentence does."""
    summary = make()["summary"]
    for text in [summary["headline"], *summary["sentences"], *summary["warnings"]]:
        assert text.endswith((".", "!", "?", "…")), text
        assert text.isprintable() or set(text) & set("\u2068\u2069"), ascii(text)
        assert not set(text) & set("\n\r\t\x1b\x00\u202e")
        text.encode("utf-8")


def test_track_headline() -> None:
    """Over time: how often worse, since when, how bad, and how often the data drifted."""
    assert documents.track()["summary"]["headline"] == (
        "Precision was worse than the reference in 1 of 2 windows, first in 2013-04-15, at worst "
        "0.48 in 2013-04-15 (0.61 in the reference); drift in 2 of 3 windows, most: temp, dewp; "
        "checks failed in 2 of 3 windows, first 2013-04-08."
    )


def test_track_without_windows() -> None:
    """No window at all is said, not an error."""
    document = documents.track()
    document |= {"windows": [], "performance": {}, "drift": {}, "ranking": [], "quality": {}}
    assert summarize_track(document)["headline"] == "No window has rows to compare."
