"""`oncall.yaml`: what it says, and every mistake with its place."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from watchkeeper.core.errors import InputError
from watchkeeper.incidents.oncall.file import calendar_names, read_on_call
from watchkeeper.incidents.oncall.schedule import Hours, Override

GOOD = """
users:
  ana:
    name: Ana Ruiz
    zone: Europe/Madrid
    contacts:
      - email: ana@example.com
      - receiver: ana-phone
  bo: {}
schedules:
  primary:
    zone: Europe/Zurich
    layers:
      - name: week
        rotation: weekly
        every: 2
        users: [ana, bo]
        start: 2026-01-05
        handover: 10:30
        priority: 1
        only:
          - {days: [mon-thu, sun], from: 08:00, to: 20:00}
          - {days: Friday, to: 24:00}
      - {rotation: custom, every: 12h, users: bo, start: 2026-01-01, handover: "07:00"}
      - {calendar: rota.ics, zone: UTC}
    overrides:
      - {user: bo, from: 2026-03-29T03:00, to: 2026-03-30T09:00+02:00}
escalations:
  default:
    repeat: 2
    steps:
      - {notify: {schedule: primary}}
      - notify: [{user: ana}, {receiver: team}]
        wait: 15m
        when: {severity: [P0, SEV-0], zone: Europe/Zurich, hours: {from: 22:00, to: 06:00}}
"""
ROTA = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
BEGIN:VEVENT
UID:1
DTSTART:20260105T000000Z
DTEND:20260106T000000Z
SUMMARY:Ana Ruiz
END:VEVENT
END:VCALENDAR
"""


def test_a_whole_file():
    """Times of day stay what they are, zones and names are resolved."""
    found = read_on_call(
        GOOD, calendars={"rota.ics": ROTA}, receivers=frozenset({"ana-phone", "team"})
    )
    schedule = found.directory.schedules["primary"]
    week, custom, rota = schedule.layers
    assert week.rotation.first == datetime(2026, 1, 5, 10, 30)  # noqa: DTZ001  # on the wall
    assert week.rotation.every == timedelta(weeks=2)
    assert week.hours == (Hours((0, 1, 2, 3, 6), time(8), time(20)), Hours((4,), time(), time()))
    assert (custom.name, custom.rotation.every) == ("2", timedelta(hours=12))
    assert [event.user for event in rota.calendar] == ["ana"]
    assert schedule.overrides == (
        Override("bo", datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 3, 30, 7, tzinfo=UTC)),
    )
    chain = found.chains["default"]
    assert (chain.repeat, chain.steps[0].wait, chain.steps[1].wait) == (
        2,
        timedelta(minutes=5),
        timedelta(minutes=15),
    )
    assert chain.steps[1].when.severities == ("P0", "SEV-0")
    assert [(c.kind, c.address) for c in found.directory.users["ana"].contacts] == [
        ("email", "ana@example.com"),
        ("receiver", "ana-phone"),
    ]
    assert calendar_names(GOOD) == ("rota.ics",)


def test_all_mistakes_at_once():
    """Each with line, column and the nearest name, in the order of the file."""
    text = """users:
  ana: {zone: Europe/Zurik}
  bo: {contacts: [{mail: x@y}]}
schedules:
  primary:
    layers:
      - {rotation: wekly, users: [anna], start: 2026-01-05}
      - {rotation: custom, users: [ana], start: monday}
      - {users: [ana]}
    overrides:
      - {user: ana, from: 2026-01-02T00:00, to: 2026-01-01T00:00}
escalations:
  default:
    repeat: 9
    steps:
      - {notify: {schedule: primry}, wait: 5 minutes}
      - {notify: {user: ana, receiver: x}}
      - {notify: {receiver: taem}, when: {severity: P7, hours: {days: [mo-funday]}}}
"""
    with pytest.raises(InputError) as caught:
        read_on_call(text, receivers=frozenset({"team"}))
    told = str(caught.value).splitlines()
    expected = [
        "line 2, column 15: zone: 'Europe/Zurik' is no time zone; did you mean 'Europe/Zurich'?",
        "line 3, column 20: a contact of 'bo' has no 'mail'; did you mean 'email'?",
        "line 7, column 20: the rotation is 'wekly'; it may be daily, weekly or custom; did you",
        "line 7, column 35: there is no user 'anna'; did you mean 'ana'?",
        "line 8, column 9: a custom rotation needs `every`, such as `every: 12h`",
        "line 8, column 49: the start is 'monday'; write a date such as 2026-01-05",
        "line 9, column 9: schedule 'primary', layer 3 needs either `rotation: weekly` or",
        "line 11, column 49: the override ends before it begins",
        "line 14, column 13: repeat is '9'; write a whole number from 0 to 3",
        "line 16, column 29: there is no schedule 'primry'; did you mean 'primary'?",
        "line 16, column 44: wait: '5 minutes' is no length of time",
        "line 17, column 18: escalation 'default', step 2: notify is one of",
        "line 18, column 29: there is no receiver 'taem'; did you mean 'team'?",
        "line 18, column 53: the severity is 'P7'; it may be P0, P1, P2, P3, SEV-0",
        "line 18, column 72: 'mo-funday' is no weekday",
    ]
    assert len(told) == len(expected)
    for line, start in zip(told, expected, strict=True):
        assert line.startswith(f"oncall.yaml, {start}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("users: [", "this is no YAML"),
        ("- a", "the file must hold keys and values; it is a list"),
        ("user: {}", "the file has no 'user'; did you mean 'users'?"),
        ("users: {a: {}, a: {}}", "users has 'a' twice"),
        ("users: &a [*a]", "users must hold keys and values"),
        ("escalations: {e: {steps: []}}", "has 0 steps; it may have 1 to 10"),
        ("schedules: {s: {layers: [{calendar: x.ics}]}}", "the calendar 'x.ics' is not there"),
        ("schedules: {s: {layers: [{rotation: daily, users: [], start: 2026-01-01}]}}",
         "needs at least one user"),
    ],
)  # fmt: skip
def test_files_that_are_refused(text, said):
    """Nonsense is named, and never a crash."""
    with pytest.raises(InputError, match=r"line \d+, column \d+") as caught:
        read_on_call(text)
    assert said in str(caught.value)


def test_an_empty_file_is_nobody():
    """Nothing said is nothing wrong."""
    assert read_on_call("").chains == {}


def test_a_file_that_unfolds_without_end():
    """Aliases of aliases are stopped, with the reason."""
    layers = "\n".join(f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9))
    with pytest.raises(InputError):
        read_on_call(f"users:\n  a0: &a0 [x, x]\n{layers}\n")
    with pytest.raises(InputError, match="more than 100000 values"):
        calendar_names(f"users:\n  a0: &a0 [x, x]\n{layers}\n")


def test_a_layer_without_list_and_one_that_is_empty():
    """One layer stands for a list of it; an empty one is told, not passed over."""
    one = "schedules: {primary: {layers: {calendar: rota.ics}}}"
    assert calendar_names(one) == ("rota.ics",)
    for odd in ("[]", "schedules: [a]", "schedules: {a: b}", "schedules: {a: {layers: [b, [c]]}}"):
        assert calendar_names(odd) == ()
    for layers in ("{}", "[{}]"):
        with pytest.raises(InputError, match="layer 1 needs either `rotation: weekly` or"):
            read_on_call(f"schedules: {{primary: {{layers: {layers}}}}}")
