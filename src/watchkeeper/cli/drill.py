"""`watchkeeper drill`: harm done to a copy of recent traffic, to see which alerts notice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchkeeper.cli.models import print_table
from watchkeeper.cli.output import print_json
from watchkeeper.cli.place import Data, catalogue_url, data_folder
from watchkeeper.cli.progress import progress_of
from watchkeeper.cli.rules import read_text
from watchkeeper.cli.settings import Settings, say, settings_of
from watchkeeper.core.durations import format_duration
from watchkeeper.core.errors import InputError

if TYPE_CHECKING:
    from watchkeeper.app.drills.report import Drilled, Report
    from watchkeeper.app.drills.verdicts import Verdict


class FailOn(StrEnum):
    """What makes the exit code 1."""

    UNNOTICED = "unnoticed"
    NEVER = "never"


# fmt: off
Inject = Annotated[list[str], typer.Option(
    "--inject", metavar="WHAT",
    help="latency=x3, latency=+200ms, nulls:temp=30%, drift:temp=2sd, drift:airport=30%, "
    "errors=10%, labels=20%, missing-labels, silence; repeatable, each is tried alone.")]
Traffic = Annotated[str, typer.Option(
    "--window", help="Which traffic: latest:7d, 7d, all, START..END.")]
At = Annotated[str | None, typer.Option(
    "--at", metavar="TIME", help="When it begins; else in the middle.")]
Rules = Annotated[Path | None, typer.Option(
    "--rules", metavar="FILE", help="Rules to try; else those in force.")]
Expect = Annotated[list[str] | None, typer.Option(
    "--expect", metavar="RULE",
    help="A rule, group or SLO that must notice one of the injections; repeatable.")]
Fails = Annotated[FailOn, typer.Option(
    "--fail-on", help="unnoticed: exit code 1 as below; never: 0 all the same.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Chooses the rows.")]
MaxRows = Annotated[int, typer.Option(
    "--max-rows", min=1, help="The window is cut where it holds more.")]
# fmt: on


def drill(  # what a drill is made of
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The model.")],
    inject: Inject,
    window: Traffic = "latest:7d",
    at: At = None,
    rules: Rules = None,
    *,
    expect: Expect = None,
    fail_on: Fails = FailOn.UNNOTICED,
    seed: Seed = 0,
    max_rows: MaxRows = 500_000,
    data: Data = None,
) -> None:
    """Rehearse: harm a copy of recent traffic, and see which alerts would fire, and how soon.

    The server's folder is only read, the server may run, and nobody is told.

    Exit code 0: each injection was noticed, and by what --expect names; 1: one was not; 2: the
    drill cannot run.

    Example: watchkeeper drill flights --inject latency=x3 --expect HighLatency --data ./data
    """
    settings = settings_of(context)
    folder = data_folder(data)
    from watchkeeper.app.drills.drill import run_drill
    from watchkeeper.app.drills.report import Plan
    from watchkeeper.app.drills.spelling import read_injection

    plan = Plan(
        model,
        [read_injection(text) for text in inject],
        window,
        None if at is None else _time(at),
        None if rules is None else (str(rules), read_text(rules)),
        seed,
        max_rows,
        tuple(expect or ()),
    )
    with progress_of(settings) as told:
        report = run_drill(folder, plan, told=told, catalogue=catalogue_url())
    if settings.json:
        print_json(report.to_dict())
    else:
        _print(report, settings)
    if fail_on is FailOn.UNNOTICED and (report.unnoticed or report.missed):
        raise typer.Exit(1)


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"--at is {text!r}; write a time such as 2026-03-04T12:00") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _print(report: Report, settings: Settings) -> None:
    heads = ("injection", "noticed by", "severity", "of", "after")
    print_table(heads, [row for one in report.drills for row in _rows(one)])
    if any(one.noticed for one in report.drills):
        typer.echo("")
    for one in report.drills:
        typer.echo(_sentence(one, report))
    for name in report.missed:
        typer.echo(f"{name} was expected to notice, and noticed NOTHING.")
    for line in _asides(report):
        say(line, settings)
    say(_footer(report), settings)


def _rows(one: Drilled) -> list[list[str]]:
    return [
        [
            one.injection.text, v.alert, v.severity, ", ".join(filter(None, _scope(v))),
            "" if v.delay is None else _length(v.delay),
        ]
        for v in one.noticed
    ]  # fmt: skip


def _scope(verdict: Verdict) -> list[str]:
    return [
        verdict.condition,
        verdict.segment,
        verdict.version and f"version {verdict.version}",
        verdict.because if verdict.because in ("no data", "error") else "",
    ]


def _asides(report: Report) -> list[str]:
    """What else there is to say of rules, each once."""
    every = [v for one in report.drills for v in one.verdicts]
    usual = sorted({v.alert for v in every if v.outcome in ("fired before", "fires anyway")})
    lines = [f"Not counted, since they fire without any harm: {', '.join(usual)}."] if usual else []
    for outcome, words in (("error", "cannot be evaluated"), ("silent", "could not notice")):
        told: dict[tuple[str, str], str] = {}
        for v in every:
            if v.outcome == outcome and v.note:
                told.setdefault((v.alert, v.condition), f"{v.alert} {words}: {v.note}.")
        lines += sorted(set(told.values()))
    return lines


def _sentence(one: Drilled, report: Report) -> str:
    lasted = _length(report.end - report.at)
    if not one.noticed:
        return (
            f"{one.injection.text}: NOBODY NOTICED within {lasted}, though {one.rows:,} rows were "
            "harmed."
        )
    first = one.noticed[0]
    assert first.delay is not None  # noqa: S101  # it has noticed
    count = len({(v.group, v.alert, v.condition) for v in one.noticed})
    said = f"{one.injection.text}: noticed after {_length(first.delay)} by {first.alert}"
    if first.severity:
        said += f" ({first.severity})"
    more = f", and by {count - 1} further rule{'s' if count > 2 else ''}" if count > 1 else ""
    late = ""
    if one.injection.kind in ("labels", "missing-labels") and report.label_delay is not None:
        late = f"; labels take {_length(report.label_delay)}, which comes on top"
    return f"{said}{more}{late}."


def _footer(report: Report) -> str:
    cut = ", cut there since it holds too many rows (see --max-rows)" if report.cut else ""
    return (
        f"{report.rows:,} rows, harmed from {report.at:%Y-%m-%d %H:%M} to "
        f"{report.end:%Y-%m-%d %H:%M} UTC{cut}; {report.rules} rules on the hours "
        f"from {report.start:%Y-%m-%d %H:%M} on; {report.seconds:.1f} s. Nothing was written "
        "to the server's folder, and nobody was told."
    )


def _length(length: timedelta) -> str:
    """A length of time in the largest units, to the minute."""
    if length < timedelta(minutes=1):
        return f"{length.total_seconds():.0f}s"
    return format_duration(timedelta(minutes=round(length.total_seconds() / 60)))
