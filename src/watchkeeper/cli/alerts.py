"""`watchkeeper alerts` and `watchkeeper silences`: what is wrong now, and who is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from watchkeeper.cli.models import plain, print_table
from watchkeeper.cli.output import moment, print_json
from watchkeeper.cli.place import Url, open_server
from watchkeeper.cli.rules import YAML, read_text
from watchkeeper.cli.settings import say, settings_of
from watchkeeper.core.durations import parse_duration
from watchkeeper.core.errors import InputError

Labels = Annotated[
    list[str], typer.Argument(metavar="LABEL=VALUE...", help="Such as model=flights.")
]

alerts = typer.Typer(name="alerts", help="Show alerts, take them on, and say who is told.")
silences = typer.Typer(name="silences", help="Silence alerts for a while.")


@alerts.callback(invoke_without_command=True)
def default_alerts(context: typer.Context, url: Url = None) -> None:
    """Show alerts, take them on, and say who is told."""
    if context.invoked_subcommand is None:
        list_alerts(context, None, url)


@alerts.command("list")
def list_alerts(
    context: typer.Context,
    model: Annotated[str | None, typer.Option("--model", help="Only of this model.")] = None,
    url: Url = None,
) -> None:
    """List what is pending, fires, has no data or an error; also without `list`.

    Example: watchkeeper alerts
    """
    query = {"model": model} if model else None
    found = open_server(url).get("/v1/alerts", query)["alerts"]
    if settings_of(context).json:
        print_json(plain(found))
        return
    if not found:
        say("Nothing is wrong.", settings_of(context))
    rows = [
        [one["labels"].get("severity", ""), one["state"], one["alert"], one["model"],
         "" if one["value"] is None else f"{one['value']:.4g}",
         moment(one["since"]), _what(one)]
        for one in found
    ]  # fmt: skip
    print_table(("severity", "state", "alert", "model", "value", "since (UTC)", "what"), rows)


def _what(alert: dict[str, Any]) -> str:
    """What an alert says, and which runbook says what to do.

    >>> _what({"annotations": {"summary": "accuracy is 0.8", "runbook": "drift"}, "note": None})
    'accuracy is 0.8 (runbook: drift)'
    """
    said = alert["annotations"].get("summary") or alert["note"] or ""
    runbook = alert["annotations"].get("runbook")
    return f"{said} (runbook: {runbook})".lstrip() if runbook else said


@alerts.command("ack")
def acknowledge(
    context: typer.Context,
    labels: Labels,
    by: Annotated[str, typer.Option("--by", help="Who takes it on.")],
    lasting: Annotated[
        str | None,
        typer.Option(
            "--for",
            help="For so long; else repeats wait for 8 h, and incidents are yours for good.",
        ),
    ] = None,
    url: Url = None,
) -> None:
    """Take alerts and their incidents on: repeats and escalations wait, ends are told all the same.

    Example: watchkeeper alerts ack alertname=AccuracyLow model=flights --by ann
    """
    from watchkeeper.app.live.clock import now

    until = None if lasting is None else (now() + parse_duration(lasting)).isoformat()
    body = {"labels": labels_of(labels), "by": by, "until": until}
    found = open_server(url).send("POST", "/v1/alerts/acknowledge", json.dumps(body).encode())
    if settings_of(context).json:
        print_json(found)
        return
    typer.echo(_taken(found))


def _taken(found: dict[str, Any]) -> str:
    """What somebody has taken on.

    >>> _taken({"by": "ann", "until": "2026-01-01T08:00:00Z", "acknowledged": ["g"],
    ...     "incidents": [7]})
    'taken on by ann: 1 group of alerts until 2026-01-01 08:00 UTC, incident 7'
    """
    count, numbers = len(found["acknowledged"]), found["incidents"]
    parts = [
        f"{count} group{'s' if count > 1 else ''} of alerts until {moment(found['until'])} UTC"
    ]
    said = [*(parts if count else []), *(f"incident {number}" for number in numbers)]
    return f"taken on by {found['by']}: {', '.join(said)}"


@alerts.command("messages")
def messages(
    context: typer.Context,
    state: Annotated[
        str | None, typer.Option("--state", help="Only these: waiting, sent or dead.")
    ] = None,
    url: Url = None,
) -> None:
    """List messages and what became of them, the newest first.

    Example: watchkeeper alerts messages --state dead
    """
    found = open_server(url).get("/v1/messages", {"state": state} if state else None)["messages"]
    if settings_of(context).json:
        print_json(found)
        return
    rows = [
        [moment(one["made"], seconds=True), one["state"], one["receiver"], one["channel"],
         one["status"], one["reason"], str(one["attempts"]), one["said"]]
        for one in found
    ]  # fmt: skip
    heads = ("made (UTC)", "state", "receiver", "channel", "status", "reason", "attempts", "said")
    print_table(heads, rows)


@alerts.command("check-config")
def check_config(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Of Alertmanager, as it is.")],
) -> None:
    """Check a routing file: an Alertmanager configuration.

    Example: watchkeeper alerts check-config alertmanager.yml
    """
    from watchkeeper.alerts.reading import read_config
    from watchkeeper.app.alarms.sending import make_channels

    config = read_config(read_text(file), name=str(file))
    problems = [
        held
        for one in config.receivers.values()
        if isinstance(held := make_channels(one, config.globals), str)
    ]
    if problems:
        raise InputError(f"{file}: " + "; ".join(problems))
    for notice in config.notices:
        typer.echo(f"{file}, line {notice.line}: {notice.text}")
    say(f"{file}: {len(config.receivers)} receivers can be told", settings_of(context))


@alerts.command("routes")
def routes(
    context: typer.Context,
    apply: Annotated[
        Path | None, typer.Option("--apply", metavar="FILE", help="Put this file in force.")
    ] = None,
    url: Url = None,
) -> None:
    """Show the routing file in force, or put another in its place.

    Example: watchkeeper alerts routes --apply alertmanager.yml
    """
    server = open_server(url)
    if apply is None:
        found = server.get("/v1/routes")
    else:
        found = server.send("PUT", "/v1/routes", read_text(apply).encode(), content_type=YAML)
    if settings_of(context).json:
        print_json(found)
        return
    if apply is None:
        typer.echo(found["text"], nl=False)
        return
    for notice in found["notices"]:
        say(notice, settings_of(context))
    names = ", ".join(one["name"] for one in found["receivers"])
    typer.echo(f"in force; the receivers are {names}")


@alerts.command("route-test")
def route_test(
    context: typer.Context,
    labels: Labels,
    expect: Annotated[
        str | None, typer.Option("--expect", help="The receivers, parted by commas.")
    ] = None,
    url: Url = None,
) -> None:
    """Say which receivers an alert with such labels goes to.

    Exit code 1: not to those that were expected.

    Example: watchkeeper alerts route-test model=flights severity=P1 --expect pager
    """
    body = json.dumps({"labels": labels_of(labels)}).encode()
    found = open_server(url).send("POST", "/v1/routes/test", body)["receivers"]
    if settings_of(context).json:
        print_json(found)
    else:
        typer.echo(", ".join(found))
    if expect is not None and sorted(found) != sorted(expect.split(",")):
        typer.echo(f"expected {expect}", err=True)
        raise typer.Exit(1)


@silences.callback(invoke_without_command=True)
def default_silences(context: typer.Context, url: Url = None) -> None:
    """Silence alerts for a while."""
    if context.invoked_subcommand is None:
        list_silences(context, url)


@silences.command("list")
def list_silences(context: typer.Context, url: Url = None) -> None:
    """List silences: in force, to come, over; also without `list`.

    Example: watchkeeper silences
    """
    found = open_server(url).list("/api/v2/silences")
    if settings_of(context).json:
        print_json(found)
        return
    rows = [
        [one["id"], one["status"]["state"], _matchers(one["matchers"]), moment(one["endsAt"]),
         one["createdBy"], one["comment"]]
        for one in found
    ]  # fmt: skip
    print_table(("id", "state", "matchers", "until (UTC)", "by", "comment"), rows)


@silences.command("add")
def add_silence(
    context: typer.Context,
    matchers: Annotated[
        list[str], typer.Argument(metavar="MATCHER...", help='Such as model=flights or x=~"a.*".')
    ],
    by: Annotated[str, typer.Option("--by", help="Who.")],
    comment: Annotated[str, typer.Option("--comment", help="Why.")],
    lasting: Annotated[str, typer.Option("--for", help="How long.")] = "1h",
    url: Url = None,
) -> None:
    """Silence alerts that match: nobody is told of them, but of the end of what was told.

    Example: watchkeeper silences add model=flights --for 2h --by ann --comment "new pipeline"
    """
    from watchkeeper.alerts.matchers import parse_matcher
    from watchkeeper.app.live.clock import now

    begin = now()
    parsed = [parse_matcher(text) for text in matchers]
    body = {
        "matchers": [
            {"name": m.name, "value": m.value, "isRegex": m.is_regex, "isEqual": m.is_equal}
            for m in parsed
        ],
        "startsAt": begin.isoformat(), "endsAt": (begin + parse_duration(lasting)).isoformat(),
        "createdBy": by, "comment": comment,
    }  # fmt: skip
    found = open_server(url).send("POST", "/api/v2/silences", json.dumps(body).encode())
    if settings_of(context).json:
        print_json(found)
    else:
        typer.echo(found["silenceID"])


@silences.command("end")
def end_silence(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The silence's id.")], url: Url = None
) -> None:
    """End a silence now.

    Example: watchkeeper silences end 4fbd27e4-5d10-4d2a-9d5b-4d2f0d2f6b1c
    """
    open_server(url).delete(f"/api/v2/silence/{quote(id_, safe='')}")
    typer.echo(f"{id_}: ended")


def labels_of(pairs: list[str]) -> dict[str, str]:
    """Labels from `name=value` texts.

    >>> labels_of(["model=flights", "team=a=b"])
    {'model': 'flights', 'team': 'a=b'}
    """
    found: dict[str, str] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise InputError(f"{pair!r} is no label; write NAME=VALUE, such as model=flights")
        found[name] = value
    return found


def _matchers(held: list[dict[str, Any]]) -> str:
    signs = {(False, True): "=", (False, False): "!=", (True, True): "=~", (True, False): "!~"}
    return ", ".join(f"{m['name']}{signs[m['isRegex'], m['isEqual']]}{m['value']}" for m in held)
