"""`watchkeeper runbooks`: what to do when something is wrong, and what of it the server does."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from watchkeeper.cli.models import plain, print_table
from watchkeeper.cli.output import print_json
from watchkeeper.cli.place import URL, Url, open_server
from watchkeeper.cli.rules import read_text
from watchkeeper.cli.settings import say, settings_of
from watchkeeper.core.errors import InputError

MARKDOWN = "text/markdown"
WAIT_S = 15.0
"""How long `run` waits for what is done at once."""

_FOUND = {"ok": "fine", "failed": "not fine, or cannot be told"}
"""What a check has found, in words."""

Number = Annotated[int, typer.Argument(metavar="NUMBER", help="The run's number.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Such as accuracy-drop.")]
Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Markdown.")]

runbooks = typer.Typer(name="runbooks", help="Show, apply and run runbooks.")
runs = typer.Typer(name="runs", help="List runs and show one.")
runbooks.add_typer(runs)


@runbooks.callback(invoke_without_command=True)
def default(context: typer.Context, url: Url = None) -> None:
    """Show, apply and run runbooks."""
    if context.invoked_subcommand is None:
        list_runbooks(context, url)


@runbooks.command("list")
def list_runbooks(context: typer.Context, url: Url = None) -> None:
    """List the runbooks; also without `list`. Alerts name theirs in the annotation `runbook`.

    Without a server, those that come with Watchkeeper.

    Example: watchkeeper runbooks
    """
    found = _all(url)
    if settings_of(context).json:
        print_json([{**one, "steps": [step["id"] for step in one["steps"]]} for one in found])
        return
    rows = [
        [one["name"], one["title"], ", ".join(step["id"] for step in one["steps"])] for one in found
    ]
    print_table(("runbook", "title", "steps"), rows)


@runbooks.command("show")
def show(context: typer.Context, name: Name, url: Url = None) -> None:
    """Print a runbook as Markdown.

    Example: watchkeeper runbooks show accuracy-drop > accuracy-drop.md
    """
    server = _server(url)
    if server is not None:
        found = open_server(server).get(f"/v1/runbooks/{quote(name, safe='')}")
    else:
        from watchkeeper.incidents.runbooks.starter import starter

        one = starter(name)
        found = {"name": name, "title": one.title, "text": one.text}
    if settings_of(context).json:
        print_json({key: found[key] for key in ("name", "title", "text")})
    else:
        typer.echo(found["text"], nl=False)


@runbooks.command("lint")
def lint(context: typer.Context, files: Files) -> None:
    """Check runbooks without a server: every step that is wrong is told with line and column.

    Example: watchkeeper runbooks lint late-answers.md
    """
    from watchkeeper.app.alarms.runbooks.shelf import read_own

    found = [(path, read_own(read_text(path), path.stem, source=str(path))) for path in files]
    if settings_of(context).json:
        print_json(
            [{"file": str(path), "title": one.title, "steps": [step.id for step in one.steps]}
             for path, one in found]
        )  # fmt: skip
        return
    for path, one in found:
        say(f"{path}: {len(one.steps)} steps can be run", settings_of(context))


@runbooks.command("apply")
def apply(
    context: typer.Context,
    files: Files,
    name: Annotated[
        str | None, typer.Option("--name", help="The runbook's name; else that of its file.")
    ] = None,
    url: Url = None,
) -> None:
    """Give runbooks to the server; one of the name of a starter runbook takes its place.

    Example: watchkeeper runbooks apply late-answers.md
    """
    if name is not None and len(files) > 1:
        raise InputError("--name names one runbook; apply several one by one")
    server = open_server(url)
    found = [
        server.send(
            "PUT", f"/v1/runbooks/{quote(name or path.stem, safe='')}", read_text(path).encode(),
            content_type=MARKDOWN,
        )
        for path in files
    ]  # fmt: skip
    if settings_of(context).json:
        print_json(found)
        return
    for one in found:
        typer.echo(f"{one['name']}: {one['outcome']} ({len(one['steps'])} steps)")


@runbooks.command("remove")
def remove(name: Name, url: Url = None) -> None:
    """Take a runbook of your own away; a starter one of its name is there again.

    Example: watchkeeper runbooks remove late-answers
    """
    open_server(url).delete(f"/v1/runbooks/{quote(name, safe='')}")
    typer.echo(f"{name}: removed")


@runbooks.command("run")
def run(  # noqa: PLR0917  # options of a command
    context: typer.Context,
    name: Name,
    step: Annotated[str, typer.Argument(metavar="STEP", help="The id of the step.")],
    incident: Annotated[
        int | None, typer.Option("--incident", metavar="N", help="The incident it is for.")
    ] = None,
    alert: Annotated[
        str | None, typer.Option("--alert", metavar="FINGERPRINT", help="The alert it is for.")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="MODEL", help="The model, without an alert.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what it would do.")] = False,
    url: Url = None,
) -> None:
    """Run a step: a check is looked at now, an action is done as soon as it may.

    Exit code 0: the check holds, or the action is on its way; 1: the check does not hold, or the
    action failed.

    Example: watchkeeper runbooks run latency scale-up --incident 7 --dry-run
    """
    body = {
        "runbook": name, "step": step, "incident": incident, "alert": alert, "target": target,
        "dry_run": dry_run,
    }  # fmt: skip
    _follow(context, "/v1/runs", {k: v for k, v in body.items() if v is not None}, url)


@runbooks.command("approve")
def approve(context: typer.Context, number: Number, url: Url = None) -> None:
    """Agree to a run that waits.

    Example: watchkeeper runbooks approve 3
    """
    _follow(context, f"/v1/runs/{number}/approve", {}, url)


@runbooks.command("refuse")
def refuse(
    context: typer.Context,
    number: Number,
    reason: Annotated[str, typer.Option("--reason", help="Why.")] = "",
    url: Url = None,
) -> None:
    """Say no to a run that waits.

    Example: watchkeeper runbooks refuse 3 --reason "the deployment is being rolled back"
    """
    _follow(context, f"/v1/runs/{number}/refuse", {"reason": reason}, url)


@runbooks.command("undo")
def undo(context: typer.Context, number: Number, url: Url = None) -> None:
    """Take a run back.

    Example: watchkeeper runbooks undo 3
    """
    _follow(context, f"/v1/runs/{number}/undo", {}, url)


@runbooks.command("settle")
def settle(
    context: typer.Context,
    number: Number,
    done: Annotated[
        bool, typer.Option("--done/--not-done", help="Whether it was done.", show_default=False)
    ],
    url: Url = None,
) -> None:
    """Say whether a run was done that is unknown, since the process that did it ended.

    Example: watchkeeper runbooks settle 3 --done
    """
    _follow(context, f"/v1/runs/{number}/settle", {"done": done}, url)


@runbooks.command("freeze")
def freeze(
    context: typer.Context,
    reason: Annotated[str, typer.Option("--reason", help="Why.")],
    url: Url = None,
) -> None:
    """Let nothing run any more, until somebody sets it free.

    Example: watchkeeper runbooks freeze --reason "the cluster is moved"
    """
    body = json.dumps({"reason": reason}).encode()
    _state(context, open_server(url).send("POST", "/v1/automation/freeze", body))


@runbooks.command("unfreeze")
def unfreeze(context: typer.Context, url: Url = None) -> None:
    """Let run again what the operator of the server allows.

    Example: watchkeeper runbooks unfreeze
    """
    _state(context, open_server(url).send("POST", "/v1/automation/unfreeze", b""))


@runbooks.command("automation")
def automation(context: typer.Context, url: Url = None) -> None:
    """Say what the operator of the server allows, and whether everything is frozen.

    Example: watchkeeper runbooks automation
    """
    _state(context, open_server(url).get("/v1/automation"))


@runbooks.command("check-automation")
def check_automation(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Such as automation.yaml.")],
) -> None:
    """Check a file that says what runbooks may do, without a server.

    Example: watchkeeper runbooks check-automation automation.yaml
    """
    from watchkeeper.incidents.runbooks.automation import read_automation

    found = read_automation(read_text(file), name=str(file))
    if settings_of(context).json:
        print_json({"mode": found.policy.mode.value})
    else:
        say(f"{file}: the mode is {found.policy.mode}", settings_of(context))


@runs.callback(invoke_without_command=True)
def default_runs(context: typer.Context, url: Url = None) -> None:
    """List runs, the newest first."""
    if context.invoked_subcommand is None:
        list_runs(context, None, url)


@runs.command("list")
def list_runs(
    context: typer.Context,
    state: Annotated[
        str | None, typer.Option("--state", help="Only these: waiting, running, effective …")
    ] = None,
    url: Url = None,
) -> None:
    """List runs, the newest first; also without `list`.

    Example: watchkeeper runbooks runs list --state waiting
    """
    found = open_server(url).get("/v1/runs", {"state": state} if state else None)["runs"]
    if settings_of(context).json:
        print_json(plain(found))
        return
    if not found:
        say("Nothing was run.", settings_of(context))
    rows = [
        [str(one["number"]), _time(one["requested_at"]), f"{one['runbook']}/{one['step']}",
         one["target"], _state_of(one), one["requested_by"],
         "" if one["incident"] is None else str(one["incident"])]
        for one in found
    ]  # fmt: skip
    print_table(("run", "asked for", "step", "target", "state", "by", "incident"), rows)


@runs.command("show")
def show_run(context: typer.Context, number: Number, url: Url = None) -> None:
    """Show a run: what it came to, and who did what with it.

    Example: watchkeeper runbooks runs show 3
    """
    found = open_server(url).get(f"/v1/runs/{number}")
    if settings_of(context).json:
        print_json(plain(found))
        return
    _print(found)
    rows = [[_time(one["at"]), one["who"], one["what"], one.get("where", ""), one.get("reason", "")]
            for one in found["audit"]]  # fmt: skip
    print_table(("at", "who", "what", "from", "why"), rows)


def _follow(context: typer.Context, path: str, body: dict[str, Any], url: str | None) -> None:
    """Send something about a run, wait for what is done at once, and print it."""
    server = open_server(url)
    found = server.send("POST", path, json.dumps(body).encode())
    until = time.monotonic() + WAIT_S
    while _goes_on(found) and time.monotonic() < until:
        time.sleep(0.2)
        found = server.get(f"/v1/runs/{found['number']}")
    if settings_of(context).json:
        print_json(plain(found))
    else:
        _print(found)
    if found["state"] in {"failed", "ineffective"} or found["status"] in {
        "failed",
        "timed_out",
        "unknown",
    }:
        raise typer.Exit(1)


def _goes_on(found: dict[str, Any]) -> bool:
    """Whether something is about to happen without anybody."""
    waits = found["state"] == "waiting" and not found["waits_for_approval"]
    return waits or found["state"] == "running"


def _print(found: dict[str, Any]) -> None:
    on = f" on {found['target']}" if found["target"] else ""
    typer.echo(f"run {found['number']} ({found['title']}{on}) is {_state_of(found)}")
    if found["reason"]:
        typer.echo(f"  {found['reason']}")
    if found["result"]:
        for line in found["result"]["text"].strip().splitlines():
            typer.echo(f"  {line}")
    if found["verify_at"] and found["state"] == "verifying":
        typer.echo(f"  its effect is measured at {found['verify_at']}")


def _state_of(found: dict[str, Any]) -> str:
    if found["kind"] == "check":
        return _FOUND[found["status"]]
    more = " (dry run)" if found["dry_run"] else ""
    more += f" (takes back run {found['undo_of']})" if found["undo_of"] is not None else ""
    return f"{found['state']}{more}"


def _time(text: str) -> str:
    """A time in a table.

    >>> _time("2026-11-21T18:49:34.505913Z")
    '2026-11-21 18:49:34'
    """
    return text[:19].replace("T", " ")


def _state(context: typer.Context, found: dict[str, Any]) -> None:
    if settings_of(context).json:
        print_json(plain(found))
        return
    typer.echo(found["sentence"])
    if found["frozen"]:
        held = found["frozen"]
        typer.echo(f"frozen by {held['by']} at {held['at']}: {held['reason']}")


def _server(url: str | None) -> str | None:
    """The server that is meant; None where none is named."""
    found = url or os.environ.get(URL) or ""
    return found if found.startswith(("http://", "https://")) else None


def _all(url: str | None) -> list[dict[str, Any]]:
    server = _server(url)
    if server is not None:
        found: list[dict[str, Any]] = open_server(server).get("/v1/runbooks")["runbooks"]
        return found
    from watchkeeper.incidents.runbooks.starter import STARTERS, starter

    held = [(name, starter(name)) for name in STARTERS]
    return [
        {"name": name, "title": one.title,
         "steps": [{"id": step.id, "title": step.title} for step in one.steps]}
        for name, one in held
    ]  # fmt: skip
