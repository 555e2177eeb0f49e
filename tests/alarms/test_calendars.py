"""What rule files say of time: zones, holidays, and levels that are the new normal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.alarms.hours import DAY, HOUR, MONDAY, write_hours
from watchkeeper.app.alarms.backtesting import backtest_group, times_of
from watchkeeper.app.alarms.evaluating import Surroundings, evaluate_group
from watchkeeper.app.alarms.rule_book import Watched
from watchkeeper.app.alarms.vocabulary import vocabulary_of
from watchkeeper.app.live.measured import Measured
from watchkeeper.core.windows import Window
from watchkeeper.monitors.backtest import Firing
from watchkeeper.monitors.rule import State
from watchkeeper.monitors.rule_file import read_rules

NEW_YORK = ZoneInfo("America/New_York")
RULE = """
groups:
  - name: g
    model: m
    {group}
    rules:
      - alert: Unusual
        expr: {expr}
        window: 1h
        no_data: ok
        {rule}
"""


def fired(
    measured: Measured, start: datetime, end: datetime, *, expr: str = "anomaly(volume)",
    group: str = "interval: 1m", rule: str = "for: 2h",
) -> list[Firing]:  # fmt: skip
    """When a rule would have fired."""
    text = RULE.format(expr=expr, group=group, rule=rule)
    (held,) = read_rules(text, vocabulary=vocabulary_of())
    times = times_of(Window(start, end), HOUR)
    (found,) = backtest_group(held, Surroundings(measured), times)
    assert found.firings is not None, found.error
    return list(found.firings.firings)


def test_a_holiday_is_as_a_sunday(tmp_path: Path) -> None:
    """A Friday with the traffic of a Sunday alarms, unless the file names it."""
    friday = MONDAY + 7 * 7 * DAY + 4 * DAY
    end = friday + 2 * DAY
    measured = write_hours(
        tmp_path / "b.db", 55, level=lambda at: 0.4 if friday <= at < friday + DAY else 1.0
    )
    assert fired(measured, friday - DAY, end)
    told = fired(measured, friday - DAY, end, group=f"holidays: [{friday.date()}]")
    assert told == []
    assert fired(measured, friday - DAY, end, group="holidays: 2026-01-01")
    measured.buckets.close()


def test_clocks_that_are_put_forward_alarm_nobody(tmp_path: Path) -> None:
    """In the zone of those who ask, hours are those of the clock; in UTC they are off by one."""
    changed = datetime(2026, 3, 8, 7, tzinfo=UTC)
    days = (changed - MONDAY) // DAY + 8
    measured = write_hours(tmp_path / "b.db", days, zone=NEW_YORK)
    start, end = changed - 7 * DAY, changed + 7 * DAY
    utc = fired(measured, start, end, rule="")
    there = fired(measured, start, end, rule="", group="time_zone: America/New_York")
    # Every morning and every night, beside what three standard deviations let through.
    assert len([one for one in utc if one.fired_at > changed]) >= 8
    assert len(there) <= 3
    measured.buckets.close()


def test_an_accepted_level_ends_the_alarm(tmp_path: Path) -> None:
    """Within a day; without a word it lasts for a week."""
    since = MONDAY + 42 * DAY + timedelta(hours=9)
    end = since + 6 * DAY
    measured = write_hours(tmp_path / "b.db", 49, level=lambda at: 2.0 if at >= since else 1.0)
    slow = "keep_firing_for: 12h"
    (lasts,) = [one for one in fired(measured, since - DAY, end, rule=slow) if one.until is None]
    assert lasts.fired_at < since + 3 * HOUR
    accepted = f"{slow}\n        accepted: {since:%Y-%m-%dT%H:%MZ}"
    told = fired(measured, since - DAY, end, rule=accepted)
    first = told[0]
    assert since <= first.fired_at < since + 3 * HOUR
    assert first.until is not None
    assert first.until < since + 2 * DAY
    assert sum(one.fired_at > first.until for one in told) <= 2
    measured.buckets.close()


def test_live_evaluation_knows_it_too(tmp_path: Path) -> None:
    """The alarm that fires ends at the next evaluation after the level was accepted."""
    since = MONDAY + 42 * DAY
    now = since + 3 * DAY + timedelta(hours=12)
    measured = write_hours(tmp_path / "b.db", 47, level=lambda at: 2.0 if at >= since else 1.0)
    states = []
    for rule in ("for: 0s", f"accepted: {since:%Y-%m-%d}"):
        text = RULE.format(expr="anomaly(volume)", group="interval: 1m", rule=rule)
        (group,) = read_rules(text, vocabulary=vocabulary_of())
        around = Surroundings(measured)
        (found,) = evaluate_group(Watched("f", group, "m"), around, [now], {})
        states.append(None if found.instance is None else found.instance.state)
    assert states == [State.FIRING, None]
    measured.buckets.close()
