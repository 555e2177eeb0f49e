"""`watchkeeper incidents` and `watchkeeper oncall`: what people manage, and who is on call."""

from __future__ import annotations

import json
from collections.abc import Sized
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from watchkeeper.cli.models import plain, print_table
from watchkeeper.cli.output import moment, print_json
from watchkeeper.cli.place import Url, open_server
from watchkeeper.cli.rules import YAML, read_text
from watchkeeper.cli.settings import say, settings_of
from watchkeeper.core.durations import format_duration
from watchkeeper.core.errors import InputError

Number = Annotated[int, typer.Argument(metavar="NUMBER", help="The incident's number.")]
By = Annotated[str, typer.Option("--by", help="Who.")]
Text = Annotated[str, typer.Option("--text", help="What was done, or why.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="Users, schedules and escalations.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there.")
]

incidents = typer.Typer(name="incidents", help="Open, show and work on incidents.")
oncall = typer.Typer(name="oncall", help="Say who is on call.")


@incidents.callback(invoke_without_command=True)
def default_incidents(context: typer.Context, url: Url = None) -> None:
    """Open, show and work on incidents."""
    if context.invoked_subcommand is None:
        list_incidents(context, None, None, url)


@incidents.command("list")
def list_incidents(
    context: typer.Context,
    state: Annotated[
        str | None, typer.Option("--state", help="Only these: active, open, resolved …")
    ] = None,
    model: Annotated[str | None, typer.Option("--model", help="Only of this model.")] = None,
    url: Url = None,
) -> None:
    """List incidents, those that are worked on first; also without `list`.

    Example: watchkeeper incidents list --state active
    """
    asked = {name: held for name, held in (("state", state), ("model", model)) if held}
    found = open_server(url).get("/v1/incidents", asked or None)["incidents"]
    if settings_of(context).json:
        print_json(plain(found))
        return
    if not found:
        say("There are no incidents.", settings_of(context))
    rows = [
        [str(one["number"]), one["severity"], one["state"], one["title"], ", ".join(one["models"]),
         moment(one["opened_at"]), one["commander"] or "", _due(one["due"])]
        for one in found
    ]  # fmt: skip
    heads = ("#", "severity", "state", "title", "models", "opened (UTC)", "who", "due (UTC)")
    print_table(heads, rows)


@incidents.command("show")
def show(context: typer.Context, number: Number, url: Url = None) -> None:
    """Show an incident with its timeline.

    Example: watchkeeper incidents show 7
    """
    _print(context, open_server(url).get(f"/v1/incidents/{number}"))


@incidents.command("open")
def open_incident(  # noqa: PLR0917  # options of a command
    context: typer.Context,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What is broken.")],
    by: By,
    severity: Annotated[str, typer.Option("--severity", help="SEV-0 to SEV-3.")] = "SEV-2",
    models: Annotated[
        list[str] | None, typer.Option("--model", help="Which model it concerns; repeatable.")
    ] = None,
    kind: Annotated[
        str,
        typer.Option("--class", help="data, drift, model, service, infrastructure or security."),
    ] = "model",
    url: Url = None,
) -> None:
    """Open an incident by hand; who is on call is told of it.

    Example: watchkeeper incidents open "Late answers" --severity SEV-1 --model flights --by ann
    """
    body = {
        "title": title, "severity": severity, "models": models or [], "class": kind, "by": by,
    }  # fmt: skip
    found = open_server(url).send("POST", "/v1/incidents", json.dumps(body).encode())
    _said(context, found, f"incident {found['number']} is open")


@incidents.command("ack")
def acknowledge(
    context: typer.Context,
    number: Number,
    by: By,
    lasting: Annotated[
        str | None, typer.Option("--for", help="For so long; then who is on call is told again.")
    ] = None,
    url: Url = None,
) -> None:
    """Take an incident on: nobody else is told of it.

    Example: watchkeeper incidents ack 7 --by ann
    """
    more = {}
    if lasting is not None:
        from watchkeeper.app.live.clock import now
        from watchkeeper.core.durations import parse_duration

        more["until"] = (now() + parse_duration(lasting)).isoformat()
    _happens(context, number, {"event": "acknowledge", "by": by, **more}, url)


@incidents.command("note")
def note(
    context: typer.Context,
    number: Number,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What was seen.")],
    by: By,
    url: Url = None,
) -> None:
    """Write into the timeline of an incident.

    Example: watchkeeper incidents note 7 "the feed of weather data is late" --by ann
    """
    _happens(context, number, {"event": "note", "by": by, "text": text}, url)


@incidents.command("link")
def link(
    context: typer.Context,
    number: Number,
    alert: Annotated[
        str, typer.Argument(metavar="FINGERPRINT", help="The alert's, as `show` lists it.")
    ],
    by: By,
    url: Url = None,
) -> None:
    """Make an alert a part of an incident.

    Example: watchkeeper incidents link 7 cbf29ce484222325 --by ann
    """
    _happens(context, number, {"event": "alert", "fingerprint": alert, "by": by}, url)


@incidents.command("mitigate")
def mitigate(
    context: typer.Context, number: Number, by: By, text: Text = "", url: Url = None
) -> None:
    """Say that nobody is hurt any more.

    Example: watchkeeper incidents mitigate 7 --by ann --text "rolled back"
    """
    _happens(context, number, {"event": "mitigate", "by": by, "text": text}, url)


@incidents.command("resolve")
def resolve(
    context: typer.Context, number: Number, by: By, text: Text = "", url: Url = None
) -> None:
    """Say that the cause is gone.

    Example: watchkeeper incidents resolve 7 --by ann
    """
    _happens(context, number, {"event": "resolve", "by": by, "text": text}, url)


@incidents.command("close")
def close(context: typer.Context, number: Number, by: By, text: Text = "", url: Url = None) -> None:
    """Say that all is written down.

    Example: watchkeeper incidents close 7 --by ann
    """
    _happens(context, number, {"event": "close", "by": by, "text": text}, url)


@incidents.command("post-mortem")
def post_mortem(
    context: typer.Context,
    number: Number,
    output: Output = None,
    url: Url = None,
) -> None:
    """Draft the post-mortem of an incident as Markdown, with blanks for what only people know.

    Example: watchkeeper incidents post-mortem 7 -o post-mortem.md
    """
    text = open_server(url).text(f"/v1/incidents/{number}/post-mortem")
    _put(context, text, output)


@incidents.command("figures")
def figures(
    context: typer.Context,
    model: Annotated[str | None, typer.Option("--model", help="Only of this model.")] = None,
    url: Url = None,
) -> None:
    """Say how fast incidents are found and dealt with.

    Example: watchkeeper incidents figures
    """
    found = open_server(url).get("/v1/incidents/figures", {"model": model} if model else None)
    if settings_of(context).json:
        print_json(found)
        return
    share, count = found["false_alarms"], found["incidents"]
    typer.echo(
        f"{count} incident{'' if count == 1 else 's'}, {found['active']} worked on"
        + ("" if share is None else f", {share:.0%} false alarms")
    )
    rows = [
        [step, str(one["measured"]), str(one["waiting"]),
         *(_length(one["seconds"].get(name)) for name in ("p50", "p90", "p95"))]
        for step, one in found["times"].items()
    ]  # fmt: skip
    print_table(("time to", "measured", "not yet", "p50", "p90", "p95"), rows)


@oncall.callback(invoke_without_command=True)
def default_oncall(context: typer.Context, url: Url = None) -> None:
    """Say who is on call."""
    if context.invoked_subcommand is None:
        on_call_now(context, url)


@oncall.command("now")
def on_call_now(context: typer.Context, url: Url = None) -> None:
    """Say who is on call now; also without `now`.

    Example: watchkeeper oncall
    """
    found = open_server(url).get("/v1/oncall/now", {"days": "14"})
    if settings_of(context).json:
        print_json(found)
        return
    if not found["schedules"]:
        say("There are no schedules; apply a file with `watchkeeper oncall apply`.",
            settings_of(context))  # fmt: skip
    rows = [
        [one["schedule"], one["name"] or "nobody", moment(one["until"]),
         ", ".join(f"{way['kind']} {way['address']}" for way in one["contacts"])]
        for one in found["schedules"]
    ]  # fmt: skip
    print_table(("schedule", "on call", "until (UTC)", "contacts"), rows)


@oncall.command("shifts")
def shifts(
    context: typer.Context,
    days: Annotated[float, typer.Option("--days", help="Of so many days.")] = 14,
    url: Url = None,
) -> None:
    """List the shifts of the next days, and when nobody is on call.

    Example: watchkeeper oncall shifts --days 28
    """
    found = open_server(url).get("/v1/oncall/now", {"days": f"{days:g}"})
    if settings_of(context).json:
        print_json(found)
        return
    rows = [
        row
        for one in found["schedules"]
        for row in sorted(
            [[one["schedule"], moment(span["start"]), moment(span["end"]),
              span.get("user") or "nobody"]
             for span in (*one["shifts"], *one["gaps"])]
        )
    ]  # fmt: skip
    print_table(("schedule", "from (UTC)", "until (UTC)", "who"), rows)


@oncall.command("calendar")
def calendar(
    context: typer.Context,
    user: Annotated[
        str | None, typer.Option("--user", metavar="NAME", help="Only the shifts of this user.")
    ] = None,
    days: Annotated[float, typer.Option("--days", help="So far ahead.")] = 180,
    output: Output = None,
    url: Url = None,
) -> None:
    """Write the shifts as a calendar file (.ics), for people's own calendars.

    Example: watchkeeper oncall calendar --user ana > ana.ics
    """
    query = {"days": f"{days:g}"} | ({"user": user} if user else {})
    _put(context, open_server(url).text(f"/v1/oncall/calendar.ics?{urlencode(query)}"), output)


@oncall.command("apply")
def apply(context: typer.Context, file: File, url: Url = None) -> None:
    """Put an on-call file in force.

    Example: watchkeeper oncall apply oncall.yaml
    """
    body = read_text(file).encode()
    found = open_server(url).send("PUT", "/v1/oncall", body, content_type=YAML)
    if settings_of(context).json:
        print_json(found)
        return
    typer.echo(
        f"in force: schedules {', '.join(found['schedules']) or 'none'}; escalations "
        f"{', '.join(found['escalations']) or 'none'}"
    )


@oncall.command("check")
def check(context: typer.Context, file: File) -> None:
    """Check an on-call file without a server; calendars are read beside it.

    Example: watchkeeper oncall check oncall.yaml
    """
    from watchkeeper.incidents.oncall.file import calendar_names, read_on_call

    text = read_text(file)
    names = [one for one in calendar_names(text) if (file.parent / one).is_file()]
    calendars = {one: read_text(file.parent / one) for one in names}
    found = read_on_call(text, name=str(file), calendars=calendars)
    held = found.directory
    users, schedules = _count(held.users, "user"), _count(held.schedules, "schedule")
    chains = _count(found.chains, "escalation")
    say(f"{file}: {users}, {schedules} and {chains} can be applied", settings_of(context))


def _count(things: Sized, word: str) -> str:
    """How many there are.

    >>> _count([7], "user"), _count([], "user")
    ('1 user', '0 users')
    """
    return f"{len(things)} {word}{'' if len(things) == 1 else 's'}"


def _put(context: typer.Context, text: str, output: Path | None) -> None:
    """Print a text as it is, or write it to a file."""
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_bytes(text.encode())
    except OSError as error:
        raise InputError(f"{output} cannot be written ({error.strerror})") from error
    say(f"{output}: written", settings_of(context))


def _happens(context: typer.Context, number: int, body: dict[str, Any], url: str | None) -> None:
    path = f"/v1/incidents/{number}/events"
    found = open_server(url).send("POST", path, json.dumps(body).encode())
    _said(context, found, f"incident {number} is {found['state'].replace('_', ' ')}")


def _said(context: typer.Context, found: dict[str, Any], text: str) -> None:
    if settings_of(context).json:
        print_json(plain(found))
    else:
        typer.echo(text)


def _print(context: typer.Context, found: dict[str, Any]) -> None:
    if settings_of(context).json:
        print_json(plain(found))
        return
    typer.echo(
        f"Incident {found['number']}: {found['title']} ({found['severity']}, "
        f"{found['state'].replace('_', ' ')}; {', '.join(found['models']) or 'no model'})"
    )
    typer.echo(f"commander: {found['commander'] or 'nobody'}; due: {_due(found['due']) or 'no'}")
    if found["escalation"]:
        typer.echo(_told(found["escalation"]))
    for one in found.get("related", ()):  # None of an older server.
        typer.echo(_related(one))
    if found["mitigation_suggested"]:
        typer.echo("All alerts are over; call it mitigated if nobody is hurt any more.")
    rows = [
        [moment(one["at"], seconds=True), one["kind"], one["actor"], one["text"]]
        for one in found["timeline"]
    ]
    print_table(("at (UTC)", "what", "who", "text"), rows)


def _related(alert: dict[str, Any]) -> str:
    """An alert that may belong to an incident.

    >>> _related({"name": "LateLabels", "severity": "P2", "why": "the same model, flights",
    ...     "fingerprint": "cbf2", "firing": True})
    'may belong to it: LateLabels (P2, fires; the same model, flights), fingerprint cbf2'
    """
    stands = "fires" if alert["firing"] else "is over"
    known = ", ".join(filter(None, (alert["severity"], stands)))
    named = f"{alert['name']} ({known}; {alert['why']})"
    return f"may belong to it: {named}, fingerprint {alert['fingerprint']}"


def _told(page: dict[str, Any]) -> str:
    """Who was told of an incident, and what comes next.

    >>> held = {"told": ["bo-pager"], "next_at": "2026-01-01T00:02:00Z", "held_until": None,
    ...     "paused_until": None}
    >>> _told(held)
    'told: bo-pager; the next step is due at 2026-01-01 00:02 UTC'
    >>> _told(held | {"next_at": None, "held_until": "2026-01-01T02:00:00Z"})
    'told: bo-pager; again at 2026-01-01 02:00 UTC, when the acknowledgement ends'
    """
    text = f"told: {', '.join(page['told']) or 'nobody'}"
    if page["paused_until"]:
        return f"{text}; silenced until {moment(page['paused_until'])} UTC"
    if page["held_until"]:
        return f"{text}; again at {moment(page['held_until'])} UTC, when the acknowledgement ends"
    if page["next_at"]:
        return f"{text}; the next step is due at {moment(page['next_at'])} UTC"
    return text


def _due(due: dict[str, Any] | None) -> str:
    """What is due first.

    >>> _due({"what": "post_mortem", "at": "2026-01-01T00:00:00Z", "overdue": True})
    'post mortem, overdue since 2026-01-01 00:00'
    """
    if due is None:
        return ""
    word = "overdue since" if due["overdue"] else "by"
    return f"{due['what'].replace('_', ' ')}, {word} {moment(due['at'])}"


def _length(seconds: float | None) -> str:
    from datetime import timedelta

    return "" if seconds is None else format_duration(timedelta(seconds=round(seconds)))
