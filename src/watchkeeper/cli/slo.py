"""`watchkeeper slo`: objectives, their budgets, and the alerts that guard them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

from watchkeeper.cli.models import print_table
from watchkeeper.cli.output import print_json
from watchkeeper.cli.place import Url, open_server
from watchkeeper.cli.rules import YAML, read_text
from watchkeeper.cli.settings import say, settings_of
from watchkeeper.core.durations import format_duration

if TYPE_CHECKING:
    from watchkeeper.monitors.slo.check import Facts

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="A file with the list `slos`, or OpenSLO.")
]

slo = typer.Typer(name="slo", help="Service level objectives and their error budgets.")


@slo.callback(invoke_without_command=True)
def default(context: typer.Context, url: Url = None) -> None:
    """Service level objectives and their error budgets."""
    if context.invoked_subcommand is None:
        list_slos(context, url)


@slo.command("list")
def list_slos(context: typer.Context, url: Url = None) -> None:
    """List the SLOs with what is left of their budgets; also without `list`.

    Example: watchkeeper slo
    """
    found = open_server(url).get("/v1/slos")["slos"]
    if settings_of(context).json:
        print_json(found)
        return
    rows = [
        [one["name"], one["model"], f"{one['objective'] * 100:g} %", one["period"],
         "" if one["total"] is None else f"{one['bad']:,} of {one['total']:,}",
         "" if one["remaining"] is None else f"{one['remaining']:.1%}", one["error"] or ""]
        for one in found
    ]  # fmt: skip
    print_table(("slo", "model", "objective", "period", "bad", "budget left", "note"), rows)


@slo.command("check")
def check(
    context: typer.Context,
    file: File,
    volume: Annotated[
        float | None, typer.Option("--per-day", help="Events a day, for what traffic allows.")
    ] = None,
) -> None:
    """Check a file of SLOs: which error ratios alert, how soon, and what can never alert.

    Example: watchkeeper slo check slos.yaml --per-day 20000
    """
    from watchkeeper.monitors.slo.check import check_slo, facts
    from watchkeeper.monitors.slo.formats import slos_in

    slos = slos_in(read_text(file), name=str(file))
    if settings_of(context).json:
        print_json(
            [{"name": one.name, "findings": [f.text for f in check_slo(one, volume)]}
             for one in slos]
        )  # fmt: skip
        return
    for one in slos:
        typer.echo(f"{one.name}: {one.objective * 100:g} % over {one.period.days} days")
        for finding in check_slo(one, volume):
            typer.echo(f"  {finding.level}: {finding.text}")
        heads = ("windows", "burn rate", "error ratio", "events needed", "alerts after")
        print_table(heads, [_fact(fact) for fact in facts(one)])
    say(f"{file}: {len(slos)} SLOs can be applied", settings_of(context))


def _fact(fact: Facts) -> list[str]:
    times = [
        f"{ratio:.3g}: " + ("never" if after is None else format_duration(after))
        for ratio, after in fact.detection
    ]
    return [
        fact.pair.name, f"{fact.factor:.3g}", f"{fact.limit:.3g}", f"{fact.needed:,}",
        ", ".join(times),
    ]  # fmt: skip


@slo.command("apply")
def apply(context: typer.Context, file: File, url: Url = None) -> None:
    """Put a file of SLOs in force; their budgets are watched from then on.

    Example: watchkeeper slo apply slos.yaml
    """
    found = open_server(url).send(
        "PUT", f"/v1/slos/{quote(file.stem, safe='')}", read_text(file).encode(), content_type=YAML
    )
    if settings_of(context).json:
        print_json(found)
        return
    typer.echo(f"{found['name']}: {', '.join(found['slos'])}")
    for warning in found["warnings"]:
        say(f"  {warning}", settings_of(context))


@slo.command("export")
def export(
    file: File,
    format: Annotated[  # noqa: A002  # the word that users know
        str, typer.Option("--format", help="`prometheus` rules, or `openslo`.")
    ] = "prometheus",
) -> None:
    """Write SLOs as Prometheus rules with Sloth's names, or as OpenSLO.

    Example: watchkeeper slo export slos.yaml --format prometheus
    """
    from watchkeeper.core.errors import InputError
    from watchkeeper.monitors.slo.formats import slos_in

    slos = slos_in(read_text(file), name=str(file))
    if format == "prometheus":
        from watchkeeper.monitors.slo.prometheus import prometheus_rules

        typer.echo(prometheus_rules(slos), nl=False)
    elif format == "openslo":
        from watchkeeper.monitors.slo.openslo_writing import write_openslo

        typer.echo(write_openslo(slos), nl=False)
    else:
        raise InputError(f"the format is {format!r}; choose prometheus or openslo")
