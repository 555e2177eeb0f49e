"""A post-mortem drafted from what is known; what only people can say is left as a marked blank."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from watchkeeper.incidents.figures import Times, times
from watchkeeper.incidents.incident import (
    Entry,
    EntryKind,
    Incident,
    Role,
    State,
    in_order,
)

BLANK = "**[to fill in]**"
"""Marks what people write; `blanks` counts what is left."""


class ActionItem(msgspec.Struct, frozen=True):
    """Something that will be done so that it does not come again, or is found sooner.

    Attributes
    ----------
    text
        What.
    kind
        `prevent`, `detect`, `mitigate` or `process`.
    owner, due, link
        Who, by when, and where it is tracked.
    """

    text: str
    kind: str = "prevent"
    owner: str = ""
    due: str = ""
    link: str = ""


class Facts(msgspec.Struct, frozen=True):
    """What is known beside the incident and its timeline.

    Attributes
    ----------
    impact
        Numbers by name, as they are to be read: `predictions affected`, `users`, `money`, `budget
        of the SLO used`.
    runbooks, evidence
        Titles and links.
    actions
        What was agreed so far.
    url
        The page of the incident.
    """

    impact: Mapping[str, str] = {}
    runbooks: Mapping[str, str] = {}
    evidence: Mapping[str, str] = {}
    actions: tuple[ActionItem, ...] = ()
    url: str = ""


def draft(incident: Incident, entries: Iterable[Entry], facts: Facts | None = None) -> str:
    """A post-mortem as Markdown.

    Parameters
    ----------
    incident
        The incident.
    entries
        Its timeline, in any order.
    facts
        What else is known.

    Returns
    -------
    str
        The same for the same facts. Text from alerts and people is escaped, so that it is neither
        a heading nor a link nor HTML.
    """
    facts = facts or Facts()
    timeline = in_order(entries)
    taken = times(incident)
    sections = [
        _head(incident, facts),
        _section("Summary", _summary(incident)),
        _section("Impact", _impact(incident, facts)),
        _section("Detection", _detection(incident, timeline, taken)),
        _section("Trigger", [_trigger(timeline)]),
        _section("Root causes and contributing factors", [BLANK]),
        _section("Mitigation and resolution", _mitigation(incident, timeline, taken)),
        _section("Timeline", _timeline(timeline)),
        _section("Responders", _responders(incident)),
        _section("What went well", [BLANK]),
        _section("What went badly", [BLANK]),
        _section("Where we were lucky", [BLANK]),
        _section("Action items", _actions(facts.actions)),
        _section("Messages", _messages(timeline)),
        _section("Runbooks and lessons for them", _runbooks(facts)),
        _section("Supporting data", _links(facts.evidence)),
    ]
    return "\n\n".join(sections) + "\n"


def blanks(text: str) -> int:
    """How many blanks are left in a draft."""
    return text.count(BLANK)


def action_items(text: str) -> list[ActionItem]:
    """The action items of a post-mortem, from the table in its text as people have filled it in.

    Examples
    --------
    >>> action_items('''## Action items
    ... | what | type | owner | due | tracker |
    ... | --- | --- | --- | --- | --- |
    ... | Check units | detect | bo | 2026-02-01 | #12 |
    ... ''')
    [ActionItem(text='Check units', kind='detect', owner='bo', due='2026-02-01', link='#12')]
    """
    _, _, rest = text.partition("## Action items\n")
    found = []
    for line in rest.split("\n## ")[0].splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
        if len(cells) == 5 and cells[0] not in {"what", BLANK, ""} and set(cells[0]) != {"-"}:
            plain = ["" if cell == BLANK else _unescaped(cell) for cell in cells]
            found.append(ActionItem(*plain))
    return found


def _head(incident: Incident, facts: Facts) -> str:
    owner = incident.holder(Role.COMMANDER)
    rows = {
        "Status": "draft",
        "Severity": incident.severity.value,
        "Class": incident.kind.value,
        "State": incident.state.value.replace("_", " "),
        "Models": ", ".join(map(_line, incident.models)) or BLANK,
        "Owner": _line(owner) if owner else BLANK,
        "Authors": BLANK,
        "Began": _moment(incident.began_at) if incident.began_at else BLANK,
        "Opened": _moment(incident.opened_at),
        "Due": _moment(incident.post_mortem_by) if incident.post_mortem_by else "no date",
    }
    if _ADDRESS.fullmatch(facts.url):
        rows["Incident"] = f"<{facts.url}>"
    title = f"# Post-mortem: {_line(incident.title)} (incident {incident.number})"
    return title + "\n\n" + _table(("", ""), list(rows.items()))


def _summary(incident: Incident) -> list[str]:
    if incident.summary:
        return [_line(incident.summary)]
    ended = incident.last(State.RESOLVED)
    until = f"until {_moment(ended.at)}" if ended else "and is not resolved yet"
    title = f" {incident.title} "
    models = [name for name in incident.models if f" {name} " not in title]
    where = f" on {', '.join(map(_line, models))}" if models else ""
    began = _moment(incident.began_at or incident.opened_at)
    first = f"{_line(incident.title)}{where}: from {began} {until} (UTC)."
    return [first, "", f"What happened, to whom, and why, in one paragraph: {BLANK}"]


def _impact(incident: Incident, facts: Facts) -> list[str]:
    end = incident.last(State.MITIGATED) or incident.last(State.RESOLVED)
    began = incident.began_at or incident.opened_at
    lasted = _length(end.at - began) if end else BLANK
    rows = [("how long people were hurt", lasted)]
    rows += [(_line(name), _line(value)) for name, value in facts.impact.items()]
    for name in ("predictions affected", "users", "money", "error budget used"):
        if name not in facts.impact:
            rows.append((name, BLANK))
    return [_table(("what", "how much"), rows)]


def _detection(incident: Incident, timeline: Sequence[Entry], taken: Times) -> list[str]:
    first = min(incident.alerts, key=lambda a: (a.starts_at, a.fingerprint), default=None)
    if first is None:
        told = f"No alert fired; {_line(incident.opened_by)} opened the incident. Why none: {BLANK}"
    else:
        told = f"The alert {_line(first.name)} fired at {_moment(first.starts_at)}."
    delay = BLANK if taken.detect is None else _length(taken.detect)
    alerts = sum(entry.kind is EntryKind.ALERT and "over" not in entry.data for entry in timeline)
    return [
        f"{told}\n",
        f"- From the beginning to the incident: {delay}",
        f"- From the incident to the acknowledgement: {_or_blank(taken.acknowledge)}",
        f"- Alerts that fired: {alerts}",
    ]


def _trigger(timeline: Sequence[Entry]) -> str:
    changes = [entry for entry in timeline if entry.kind is EntryKind.CHANGE]
    if not changes:
        return f"No change is known that came before it. {BLANK}"
    listed = "\n".join(
        f"- {_moment(entry.at)}: {_line(entry.text)}{_link(entry)}" for entry in changes
    )
    return f"Changes near it, of which one may be the trigger:\n\n{listed}\n\n{BLANK}"


def _mitigation(incident: Incident, timeline: Sequence[Entry], taken: Times) -> list[str]:
    done = [entry for entry in timeline if _helped(entry)]
    out = [
        f"- From the incident to the mitigation: {_or_blank(taken.mitigate)}",
        f"- From the incident to the resolution: {_or_blank(taken.resolve)}",
    ]
    out += [f"- {_moment(e.at)}, {_line(e.actor)}: {_line(e.text)}{_link(e)}" for e in done]
    reopened = sum(stamp.state is State.RESOLVED for stamp in incident.stamps) - 1
    if reopened > 0:
        times_ = "once" if reopened == 1 else f"{reopened} times"
        out.append(f"- It was opened again {times_} after it was resolved.")
    return [*out, f"\nWhat helped, and why: {BLANK}"]


def _helped(entry: Entry) -> bool:
    """Whether a line says what was done about it, also as the note to a step."""
    if entry.kind is EntryKind.STATE:
        ends = entry.data.get("state") in {State.MITIGATED, State.RESOLVED}
        return ends and ": " in entry.text
    return entry.kind in {EntryKind.ACTION, EntryKind.DECISION}


def _timeline(timeline: Sequence[Entry]) -> list[str]:
    rows = [
        (_moment(e.at), e.kind.value, _line(e.actor), _line(e.text) + _link(e)) for e in timeline
    ]
    return ["All times are UTC.\n", _table(("when", "what", "who", "event"), rows)]


def _responders(incident: Incident) -> list[str]:
    rows = [
        (
            a.role.value,
            _line(a.person),
            _moment(a.since),
            _moment(a.until) if a.until else "until the end",
        )
        for a in incident.roles
    ]
    return (
        [_table(("role", "who", "from", "to"), rows)] if rows else [f"Nobody took a role. {BLANK}"]
    )


def _actions(items: Sequence[ActionItem]) -> list[str]:
    rows = [
        (_line(i.text), i.kind, _line(i.owner) or BLANK, i.due or BLANK, _line(i.link) or BLANK)
        for i in items
    ]
    rows.append((BLANK, "prevent, detect, mitigate or process", BLANK, BLANK, BLANK))
    return [_table(("what", "type", "owner", "due", "tracker"), rows)]


def _messages(timeline: Sequence[Entry]) -> list[str]:
    sent = [e for e in timeline if e.kind is EntryKind.MESSAGE]
    if not sent:
        return ["None was recorded."]
    return [f"- {_moment(e.at)}, {_line(e.actor)}: {_line(e.text)}{_link(e)}" for e in sent]


def _runbooks(facts: Facts) -> list[str]:
    return [*_links(facts.runbooks), f"\nWhat the runbook should say next time: {BLANK}"]


def _links(links: Mapping[str, str]) -> list[str]:
    listed = [
        f"- {_line(title)}: <{url}>" if _ADDRESS.fullmatch(url) else f"- {_line(title)}"
        for title, url in links.items()
    ]
    return listed or ["None."]


def _section(title: str, lines: Sequence[str]) -> str:
    return f"## {title}\n\n" + "\n".join(lines)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _link(entry: Entry) -> str:
    return f" (<{entry.link}>)" if _ADDRESS.fullmatch(entry.link) else ""


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _or_blank(length: timedelta | None) -> str:
    return BLANK if length is None else _length(length)


def _length(length: timedelta) -> str:
    """A length of time as people say it.

    >>> _length(timedelta(days=1, hours=2, minutes=5, seconds=9)), _length(timedelta(seconds=42))
    ('1 d 2 h 5 min', '42 s')
    """
    seconds = max(0, round(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    parts = [(seconds // 86400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "min")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


_ADDRESS = re.compile(r"https?://[^\s<>|]+")
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~&$])")


def _line(text: str) -> str:
    r"""Text from outside as one line without any meaning to Markdown.

    >>> _line("a|b\n# <b>")
    'a\\|b \\# \\<b\\>'
    """
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _unescaped(text: str) -> str:
    return re.sub(r"\\([\\`*_\[\]<>|#~&$])", r"\1", text)
