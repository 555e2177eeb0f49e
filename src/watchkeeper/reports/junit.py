"""The checks of a report as JUnit XML, which CI systems show as tests."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from watchkeeper.reports.words import side, subject

GROUPS = ("schema", "quality", "rules", "performance", "drift")
"""The order of the suites: what breaks the most comes first."""

# What XML 1.0 allows; anything else makes the whole file unreadable, escaped or not.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(document: Mapping[str, Any], *, fail_on: str = "critical") -> str:
    """One test suite a group of checks, one test case a check.

    Parameters
    ----------
    document
        A report document; one of kind `track` gives a case for each window.
    fail_on
        `critical`: a warning passes, and stands in the case's output. `warning`: it fails too.
    """
    root = Element("testsuites", name="watchkeeper", time="0")
    if document["kind"] == "track":
        _suite(
            root, document, "windows", [_window(window) for window in document["windows"]], fail_on
        )
    else:
        for group in GROUPS:
            checks = [check for check in document["checks"] if check["group"] == group]
            if checks:
                _suite(root, document, group, checks, fail_on)
    for total in ("tests", "failures", "errors", "skipped"):
        root.set(total, str(sum(int(suite.get(total, "0")) for suite in root)))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _window(window: Mapping[str, Any]) -> dict[str, Any]:
    """A window of a track document as if it were a check."""
    return {
        "id": window["name"],
        "group": "windows",
        "subject": window["name"],
        "metric": None,
        "segment": None,
        "status": window["status"],
        "value": window["drifted"],
        "threshold": None,
        "operator": None,
        "severity": "critical" if window["status"] == "fail" else "warning",
        "message": window["headline"],
    }


def _suite(
    root: Element,
    document: Mapping[str, Any],
    group: str,
    checks: Sequence[Mapping[str, Any]],
    fail_on: str,
) -> None:
    suite = SubElement(root, "testsuite", name=f"watchkeeper.{group}", time="0", errors="0")
    properties = SubElement(suite, "properties")
    _property(properties, "model", document["model"]["name"])
    _property(properties, "reference", side(document["reference"]))
    if "current" in document:
        _property(properties, "current", side(document["current"]))
    _property(properties, "headline", document["summary"]["headline"])
    failures = skipped = 0
    for check in checks:
        failed = check["status"] == "fail" or (check["status"] == "warn" and fail_on == "warning")
        failures += failed
        skipped += check["status"] == "not_enough_data"
        _case(suite, group, check, failed=failed)
    suite.set("tests", str(len(checks)))
    suite.set("failures", str(failures))
    suite.set("skipped", str(skipped))


def _case(suite: Element, group: str, check: Mapping[str, Any], *, failed: bool) -> None:
    case = SubElement(
        suite, "testcase", classname=f"watchkeeper.{group}", name=_clean(subject(check)), time="0"
    )
    properties = SubElement(case, "properties")
    for key in ("id", "status", "severity", "value", "operator", "threshold"):
        if check.get(key) is not None:
            _property(properties, key, check[key])
    message = _clean(check["message"])
    if failed:
        failure = SubElement(case, "failure", message=message, type=check["severity"])
        failure.text = f"{message}\n{_measured(check)}".strip()
    elif check["status"] == "not_enough_data":
        SubElement(case, "skipped", message=message)
    elif check["status"] == "warn":
        SubElement(case, "system-out").text = f"warning: {message}"


def _measured(check: Mapping[str, Any]) -> str:
    """The value and the limit, in full, for a log."""
    if check.get("value") is None:
        return ""
    limit = ""
    if check.get("threshold") is not None:
        limit = f" {check.get('operator') or 'limit'} {check['threshold']!r}"
    return f"{_clean(check['id'])}: {check['value']!r}{limit}"


def _property(parent: Element, key: str, value: object) -> None:
    SubElement(parent, "property", name=key, value=_clean("" if value is None else str(value)))


def _clean(text: str) -> str:
    """Text that XML 1.0 can carry; what it cannot becomes the replacement character."""
    return _FORBIDDEN.sub("\ufffd", text)
