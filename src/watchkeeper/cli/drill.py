"""`watchkeeper drill`: harm done to a copy of recent traffic, to see which alerts notice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchkeeper.cli.models import print_table
from watchkeeper.cli.output import print_json
from watchkeeper.cli.place import Data, data_folder
from watchkeeper.cli.progress import progress_of
from watchkeeper.cli.rules import read_text
from watchkeeper.cli.settings import Settings, say, settings_of
from watchkeeper.core.durations import format_duration
from watchkeeper.core.errors import InputError

if TYPE_CHECKING:
    from watchkeeper.app.drills.drill import Drilled, Report
    from watchkeeper.app.drills.verdicts import Verdict


def drill(  # what a drill is made of
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The model.")],
    inject: Annotated[
        list[str],
        typer.Option(
            "--inject",
            metavar="WHAT",
            help="latency=x3, latency=+200ms, nulls:temp=30%, drift:temp=2sd, drift:airport=30%, "
            "errors=10%, labels=20%, missing-labels, silence; repeatable, each is tried alone.",
        ),
    ],
    window: Annotated[
        str, typer.Option("--window", help="Which traffic: latest:7d, 7d, all, START..END.")
    ] = "latest:7d",
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="When it begins; else in the middle."),
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option("--rules", metavar="FILE", help="Rules to try; else those in force."),
    ] = None,
    *,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Chooses the rows.")] = 0,
    max_rows: Annotated[
        int, typer.Option("--max-rows", min=1, help="The window is cut where it holds more.")
    ] = 500_000,
    data: Data = None,
) -> None:
    """Rehearse: harm a copy of recent traffic, and see which alerts would fire, and how soon.

    The server's folder is only read, the server may run, and nobody is told.

    Exit code 0: each injection was noticed; 1: one was noticed by nobody; 2: the drill cannot run.

    Example: watchkeeper drill flights --inject latency=x3 --inject nulls:temp=30% --data ./data
    """
    settings = settings_of(context)
    folder = data_folder(data)
    from watchkeeper.app.drills.drill import Plan, run_drill
    from watchkeeper.app.drills.spelling import read_injection

    plan = Plan(
        model,
        [read_injection(text) for text in inject],
        window,
        None if at is None else _time(at),
        None if rules is None else (str(rules), read_text(rules)),
        seed,
        max_rows,
    )
    with progress_of(settings) as told:
        report = run_drill(folder, plan, told=told)
    if settings.json:
        print_json(report.to_dict())
    else:
        _print(report, settings)
    if report.unnoticed:
        raise typer.Exit(1)


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"--at is {text!r}; write a time such as 2026-03-04T12:00") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _print(report: Report, settings: Settings) -> None:
    heads = ("injection", "alert", "severity", "of", "outcome", "after")
    print_table(heads, [row for one in report.drills for row in _rows(one)])
    typer.echo("")
    for one in report.drills:
        typer.echo(_sentence(one, report))
    say(_footer(report), settings)


def _rows(one: Drilled) -> list[list[str]]:
    """A row for each alert that said something, and one for each rule that did not."""
    loud = [*one.noticed, *(v for v in one.verdicts if v.outcome not in ("noticed", "silent"))]
    named = {(v.group, v.alert, v.condition) for v in loud}
    quiet: dict[tuple[str, str, str], Verdict] = {}
    for verdict in one.verdicts:
        key = (verdict.group, verdict.alert, verdict.condition)
        if verdict.outcome == "silent" and key not in named:
            quiet.setdefault(key, verdict)
    return [
        [
            one.injection.text, v.alert, v.severity, _of(v), _outcome(v),
            "" if v.delay is None else _length(v.delay),
        ]
        for v in [*loud, *quiet.values()]
    ]  # fmt: skip


def _of(verdict: Verdict) -> str:
    if verdict.outcome == "silent":
        return verdict.condition
    scope = [verdict.condition, verdict.segment, verdict.version and f"version {verdict.version}"]
    return ", ".join(filter(None, scope))


def _outcome(verdict: Verdict) -> str:
    words = {
        "noticed": "NOTICED", "silent": "did not notice",
        "fired before": "fired before already: not counted",
        "fires anyway": "fires without it too: not counted", "error": "cannot be evaluated",
    }  # fmt: skip
    said = words[verdict.outcome]
    if verdict.because in ("no data", "error"):
        said += f" ({verdict.because})"
    return f"{said}: {verdict.note}" if verdict.note else said


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
        f"{report.rows:,} rows from {report.at:%Y-%m-%d %H:%M} to {report.end:%Y-%m-%d %H:%M} UTC"
        f"{cut}, {report.rules} rules evaluated at the end of each hour from "
        f"{report.start:%Y-%m-%d %H:%M} on; {report.seconds:.1f} s. Nothing was written to the "
        "server's folder, and nobody was told."
    )


def _length(length: timedelta) -> str:
    """A length of time in the largest units, to the minute."""
    if length < timedelta(minutes=1):
        return f"{length.total_seconds():.0f}s"
    return format_duration(timedelta(minutes=round(length.total_seconds() / 60)))
