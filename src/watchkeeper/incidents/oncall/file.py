"""The file of people, schedules and escalation chains, `oncall.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta

import msgspec

from watchkeeper.core.alert import Severity
from watchkeeper.core.errors import InputError
from watchkeeper.expressions.hints import listed, suggest
from watchkeeper.files.nodes import Node, is_mapping
from watchkeeper.files.reader import Reader
from watchkeeper.files.zones import zone
from watchkeeper.incidents.incident import Sev
from watchkeeper.incidents.oncall.escalation import (
    MAX_REPEAT,
    MAX_STEPS,
    WAIT,
    Chain,
    Condition,
    Step,
    Target,
)
from watchkeeper.incidents.oncall.hours_file import HoursReader
from watchkeeper.incidents.oncall.ical import read_calendar
from watchkeeper.incidents.oncall.people import CONTACTS, Contact, Directory, User
from watchkeeper.incidents.oncall.schedule import (
    Layer,
    Override,
    Rotation,
    Schedule,
)
from watchkeeper.incidents.oncall.walltime import instant

_SHORTEST = timedelta(hours=1)
_LONGEST = timedelta(days=366)
ROTATIONS = {"daily": timedelta(days=1), "weekly": timedelta(weeks=1), "custom": None}


class OnCall(msgspec.Struct, frozen=True):
    """What the file says: people and schedules, and chains by name."""

    directory: Directory = Directory()
    chains: Mapping[str, Chain] = {}


def read_on_call(
    text: str,
    *,
    name: str = "oncall.yaml",
    calendars: Mapping[str, str] | None = None,
    receivers: frozenset[str] | None = None,
) -> OnCall:
    """People, schedules and chains from the text of a file.

    Parameters
    ----------
    text
        YAML.
    name
        What to call the file in errors.
    calendars
        The content of the calendar files that layers name, by that name.
    receivers
        Known receivers; names are not checked where None.

    Raises
    ------
    InputError
        With line, column and the nearest valid name of each thing that is wrong.

    Examples
    --------
    >>> found = read_on_call('''
    ... users:
    ...   ana: {zone: Europe/Madrid, contacts: [{email: ana@example.com}]}
    ... schedules:
    ...   primary:
    ...     zone: Europe/Zurich
    ...     layers:
    ...       - {rotation: weekly, users: [ana], start: 2026-01-05, handover: 09:00}
    ... escalations:
    ...   default: {steps: [{notify: {schedule: primary}, wait: 10m}]}
    ... ''')
    >>> found.directory.on_call("primary", datetime(2026, 2, 1, tzinfo=UTC)).id
    'ana'
    >>> read_on_call("users: {ana: {zon: UTC}}")
    Traceback (most recent call last):
    watchkeeper.core.errors.InputError: oncall.yaml, line 1, column 15:
        user 'ana' has no 'zon'; did you mean 'zone'?
    """
    reader = _Reader(name, calendars or {}, receivers)
    root = reader.compose(text)
    found = OnCall() if root is None else reader.file(root)
    reader.finish()
    return found


def calendar_names(text: str) -> tuple[str, ...]:
    """The calendar files that the layers of a file name, to be read before it is."""
    reader = Reader()
    schedules = reader.mapping(reader.compose(text), "the file").get("schedules")
    layers = [
        reader.mapping(schedule, "a schedule").get("layers")
        for schedule in reader.mapping(schedules, "schedules").values()
    ]
    found = [
        reader.mapping(layer, "a layer").get("calendar")
        for several in layers
        for layer in (reader.each(several) if several else ())
    ]
    names = (reader.content(name, "calendar") for name in found if name)
    return tuple(dict.fromkeys(name for name in names if name))  # What is wrong is told later.


class _Reader(HoursReader):
    """Makes records of nodes; names are looked up once all of them are known."""

    def __init__(
        self, name: str, calendars: Mapping[str, str], receivers: frozenset[str] | None
    ) -> None:
        super().__init__(name)
        self.calendars = calendars
        self.receivers = receivers
        self.users: dict[str, User] = {}
        self.schedules: dict[str, Schedule] = {}

    def file(self, root: Node) -> OnCall:
        """The whole file."""
        top = self.mapping(root, "the file", ("users", "schedules", "escalations"))
        for name, node in self.named(top, "users"):
            self.users[name] = self.user(name, node)
        for name, node in self.named(top, "schedules"):
            self.schedules[name] = self.schedule(name, node)
        chains = {name: self.chain(name, node) for name, node in self.named(top, "escalations")}
        return OnCall(Directory(self.users, self.schedules), chains)

    def named(self, top: Mapping[str, Node], key: str) -> list[tuple[str, Node]]:
        """The named things under a key of the file."""
        return list(self.mapping(top[key], key, None).items()) if key in top else []

    def user(self, name: str, node: Node) -> User:
        """Somebody."""
        found = self.mapping(node, f"user {name!r}", ("name", "zone", "contacts"))
        contacts = [
            contact
            for item in self._items(found, "contacts")
            for contact in self.contact(name, item)
        ]
        full = self.content(found["name"], "the name") if "name" in found else None
        return User(name, full or "", self.zone(found, "UTC"), tuple(contacts))

    def contact(self, name: str, node: Node) -> list[Contact]:
        """One way to reach somebody."""
        pairs = self.mapping(node, f"a contact of {name!r}", CONTACTS)
        if _keys(node) != 1:
            self.wrong(node, f"a contact of {name!r} is one way, such as `email: a@b.example`")
        found = [(kind, self.content(pairs[kind], kind)) for kind in CONTACTS if kind in pairs]
        for kind, address in found:
            if kind == "receiver" and address:
                self.receiver(pairs[kind], address)
        return [Contact(kind, address) for kind, address in found if address]

    def schedule(self, name: str, node: Node) -> Schedule:
        """Layers and overrides."""
        what = f"schedule {name!r}"
        found = self.mapping(node, what, ("zone", "layers", "overrides"), ("layers",))
        place = self.zone(found, "UTC")
        layers = [
            self.layer(f"{what}, layer {count}", str(count), item, place)
            for count, item in enumerate(self.each(found["layers"]) if "layers" in found else (), 1)
        ]
        items = self.each(found["overrides"]) if "overrides" in found else ()
        overrides = [self.override(item, place) for item in items]
        return Schedule(
            name,
            place,
            tuple(layer for layer in layers if layer),
            tuple(override for override in overrides if override),
        )

    def layer(self, what: str, number: str, node: Node, place: str) -> Layer | None:
        """A rotation or a calendar."""
        known = (
            "name", "priority", "zone", "only", "rotation", "every", "users", "start", "handover",
            "until", "calendar",
        )  # fmt: skip
        found = self.mapping(node, what, known)
        if not is_mapping(node):
            return None
        if ("calendar" in found) == ("rotation" in found):
            self.wrong(node, f"{what} needs either `rotation: weekly` or `calendar: FILE.ics`")
            return None
        name = self.content(found["name"], "the name") if "name" in found else None
        priority = (
            self.whole(found["priority"], "the priority", -1000, 1000) if "priority" in found else 0
        )
        there = self.zone(found, "")
        hours = tuple(h for item in self._items(found, "only") if (h := self.hours(item)))
        base = Layer(name or number, None, (), priority or 0, hours, there)
        if "calendar" in found:
            return self.calendar(found["calendar"], base, there or place)
        return msgspec.structs.replace(base, rotation=self.rotation(what, node, found))

    def rotation(self, what: str, node: Node, found: Mapping[str, Node]) -> Rotation | None:
        """People who take turns."""
        kind = self.choice(found["rotation"], "the rotation", ROTATIONS)
        every = self.every(kind, node, found)
        users = self.people(found["users"]) if "users" in found else ()
        start = self.day(found["start"], "the start") if "start" in found else None
        for key in ("users", "start"):
            if key not in found:
                self.wrong(node, f"{what} needs {key!r}")
        if "users" in found and not users:
            self.wrong(found["users"], f"{what} needs at least one user")
        at = self.clock(found["handover"], "the hand-over") if "handover" in found else time()
        until = self.moment(found["until"], "until") if "until" in found else None
        if until is not None and until.tzinfo is not None:
            self.wrong(
                found["until"], "until is on the wall of the layer's zone: leave the offset out"
            )
        if every is None or start is None or at is None or not users:
            return None
        plain = None if until is None else until.replace(tzinfo=None)
        return Rotation(users, datetime.combine(start, at), every, plain)

    def every(self, kind: str | None, node: Node, found: Mapping[str, Node]) -> timedelta | None:
        """The length of a turn."""
        length = ROTATIONS.get(kind or "")
        if "every" not in found:
            if kind == "custom":
                self.wrong(node, "a custom rotation needs `every`, such as `every: 12h`")
            return length
        if length is not None:
            count = self.whole(found["every"], "every", 1, 52)
            return None if count is None else count * length
        given = self.duration(found["every"], "every")
        if given is not None and not _SHORTEST <= given <= _LONGEST:
            self.wrong(found["every"], "a turn lasts from 1h to 366d")
            return None
        return given

    def calendar(self, node: Node, base: Layer, place: str) -> Layer | None:
        """The events of a calendar file, or of a calendar that stands in the file itself."""
        given = self.content(node, "the calendar")
        if given is None:
            return None
        text = given if given.lstrip().startswith("BEGIN:VCALENDAR") else self.calendars.get(given)
        if text is None:
            self.wrong(node, f"the calendar {given!r} is not there{suggest(given, self.calendars)}")
            return None
        known = {key: user.id for user in self.users.values() for key in _aliases(user)}
        try:
            read = read_calendar(text, place=place, users=known, name=base.name)
        except InputError as error:
            self.wrong(node, str(error))
            return None
        return msgspec.structs.replace(base, calendar=read.calendar)

    def override(self, node: Node, place: str) -> Override | None:
        """Somebody who stands in."""
        found = self.mapping(node, "an override", ("user", "from", "to"), ("user", "from", "to"))
        users = self.people(found["user"]) if "user" in found else ()
        ends = [self.moment(found[key], key) if key in found else None for key in ("from", "to")]
        start, end = (None if at is None else _instant(at, place) for at in ends)
        if not users or start is None or end is None:
            return None
        if start >= end:
            self.wrong(found["to"], "the override ends before it begins")
            return None
        return Override(users[0], start, end)

    def people(self, node: Node) -> tuple[str, ...]:
        """Names of users."""
        out = []
        for item in self.each(node):
            name = self.content(item, "a user")
            if name is not None and name not in self.users:
                self.wrong(item, f"there is no user {name!r}{suggest(name, self.users)}")
            if name is not None:
                out.append(name)
        return tuple(out)

    def chain(self, name: str, node: Node) -> Chain:
        """An escalation chain."""
        what = f"escalation {name!r}"
        found = self.mapping(node, what, ("steps", "repeat"), ("steps",))
        items = list(self.each(found["steps"])) if "steps" in found else []
        if "steps" in found and not 1 <= len(items) <= MAX_STEPS:
            self.wrong(
                found["steps"], f"{what} has {len(items)} steps; it may have 1 to {MAX_STEPS}"
            )
        steps = tuple(
            self.step(f"{what}, step {count}", item) for count, item in enumerate(items, 1)
        )
        repeat = self.whole(found["repeat"], "repeat", 0, MAX_REPEAT) if "repeat" in found else 0
        return Chain(name, steps, repeat or 0)

    def step(self, what: str, node: Node) -> Step:
        """Whom to tell, for how long, and when."""
        found = self.mapping(node, what, ("notify", "wait", "when"), ("notify",))
        targets = [self.target(item, what) for item in self._items(found, "notify")]
        if "notify" in found and not targets:
            self.wrong(found["notify"], f"{what} tells nobody; name a user, schedule or receiver")
        wait = self.duration(found["wait"], "wait") if "wait" in found else WAIT
        when = self.condition(found["when"]) if "when" in found else Condition()
        return Step(tuple(t for t in targets if t), WAIT if wait is None else wait, when)

    def target(self, node: Node, what: str) -> Target | None:
        """Whom to tell."""
        found = self.mapping(node, f"{what}, notify", ("user", "schedule", "receiver"))
        if _keys(node) != 1:
            self.wrong(node, f"{what}: notify is one of `user:`, `schedule:` and `receiver:`")
            return None
        if not found:
            return None
        if "user" in found:
            users = self.people(found["user"])
            return Target("user", users[0]) if users else None
        if "schedule" in found:
            name = self.content(found["schedule"], "the schedule")
            if name is not None and name not in self.schedules:
                hint = suggest(name, self.schedules)
                self.wrong(found["schedule"], f"there is no schedule {name!r}{hint}")
            return None if name is None else Target("schedule", name)
        name = self.content(found["receiver"], "the receiver")
        if name is not None:
            self.receiver(found["receiver"], name)
        return None if name is None else Target("receiver", name)

    def condition(self, node: Node) -> Condition:
        """When a step counts."""
        found = self.mapping(node, "when", ("severity", "hours", "zone"))
        known = [*Severity, *Sev]
        severities = tuple(
            one
            for item in self._items(found, "severity")
            if (one := self.choice(item, "the severity", known)) is not None
        )
        hours = tuple(h for item in self._items(found, "hours") if (h := self.hours(item)))
        return Condition(severities, hours, self.zone(found, "UTC"))

    def receiver(self, node: Node, name: str) -> None:
        """A receiver must be known."""
        if self.receivers is not None and name not in self.receivers:
            near = suggest(name, self.receivers)
            those = near or f"; the routes in force have {listed(sorted(self.receivers))}"
            self.wrong(node, f"there is no receiver {name!r}{those}")

    def zone(self, found: Mapping[str, Node], default: str) -> str:
        """A time zone."""
        return (self.time_zone(found["zone"], "zone") if "zone" in found else None) or default

    def _items(self, found: Mapping[str, Node], key: str) -> list[Node]:
        return list(self.each(found[key])) if key in found else []


def _keys(node: Node) -> int:
    return len(node.value) if is_mapping(node) else 1


def _aliases(user: User) -> tuple[str, ...]:
    """What a calendar may call somebody."""
    emails = (contact.address for contact in user.contacts if contact.kind == "email")
    return tuple(name for name in (user.id, user.name, *emails) if name)


def _instant(at: datetime, place: str) -> datetime:
    """A time of the file in UTC; on the wall of the schedule where it has no offset."""
    return at.astimezone(UTC) if at.tzinfo else instant(at, zone(place))
