"""`watchkeeper rules`: rules as files: checked, tested, tried on the past, put in force."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from watchkeeper.cli.models import plain, print_table
from watchkeeper.cli.output import print_json
from watchkeeper.cli.place import Url, open_server
from watchkeeper.cli.schema import Subject, schema_of
from watchkeeper.cli.settings import say, settings_of
from watchkeeper.core.errors import InputError

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Rule files.")]
YAML = "application/yaml"

rules = typer.Typer(
    name="rules", help="Check, test, back-test and apply rules.", no_args_is_help=True
)


@rules.command("lint")
def lint_rules(
    context: typer.Context,
    files: Files,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail too.")] = False,
) -> None:
    """Check rule files: what is wrong, and what a person should look at.

    Exit code 0: they can be applied; 1: with --strict, there are warnings; 2: something is wrong.

    Example: watchkeeper rules lint rules.yaml
    """
    from watchkeeper.app.alarms.vocabulary import vocabulary_of
    from watchkeeper.monitors.rule_file import read_rules
    from watchkeeper.monitors.rule_file_lint import lint

    vocabulary = vocabulary_of()
    found: list[dict[str, Any]] = []
    for path in files:
        groups = read_rules(read_text(path), source=str(path), vocabulary=vocabulary)
        warnings = [str(problem) for problem in lint(groups, vocabulary)]
        count = sum(len(group.rules) for group in groups)
        found.append({"file": str(path), "rules": count, "warnings": warnings})
    if settings_of(context).json:
        print_json(found)
    else:
        for one in found:
            for warning in one["warnings"]:
                typer.echo(f"{one['file']}, {warning}")
            say(f"{one['file']}: {one['rules']} rules can be applied", settings_of(context))
    if strict and any(one["warnings"] for one in found):
        raise typer.Exit(1)


@rules.command("test")
def test_rules(context: typer.Context, files: Files) -> None:
    """Run unit tests of rules: series in, and what should fire at which time.

    Exit code 0: all as expected; 1: not; 2: a file is wrong.

    Example: watchkeeper rules test rules.test.yaml
    """
    from watchkeeper.app.alarms.vocabulary import vocabulary_of
    from watchkeeper.monitors.rule_file import read_rules
    from watchkeeper.monitors.rule_tests import run_rule_tests
    from watchkeeper.monitors.rule_tests_file import read_rule_tests

    vocabulary = vocabulary_of()
    found: list[dict[str, Any]] = []
    for path in files:
        held = read_rule_tests(read_text(path), vocabulary, source=str(path))
        groups = [
            group
            for name in _named(path, held.rule_files)
            for group in read_rules(read_text(name), source=str(name), vocabulary=vocabulary)
        ]
        result = run_rule_tests(held, groups, vocabulary)
        found.append(
            {"file": str(path), "tests": result.tests, "checks": result.checks,
             "differences": list(result.differences)}
        )  # fmt: skip
    if settings_of(context).json:
        print_json(found)
    else:
        for one in found:
            for difference in one["differences"]:
                typer.echo(f"{one['file']}: {difference}")
            word = "FAILED" if one["differences"] else "passed"
            say(
                f"{one['file']}: {word} ({one['tests']} tests, {one['checks']} checks)",
                settings_of(context),
            )
    if any(one["differences"] for one in found):
        raise typer.Exit(1)


@rules.command("backtest")
def backtest_rules(  # what a back-test is made of
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A rule file.")],
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="ISO 8601.")],
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="ISO 8601, not included.")],
    model: Annotated[str | None, typer.Option("--model", help="Only this model.")] = None,
    *,
    step: Annotated[str, typer.Option("--step", help="From one evaluation to the next.")] = "1h",
    url: Url = None,
) -> None:
    """Say when the rules of a file would have fired on what the server has measured.

    Example: watchkeeper rules backtest rules.yaml --from 2013-01-01 --to 2013-10-01
    """
    text = read_text(file)
    query = {"window": f"{start}..{end}", "step": step} | ({"model": model} if model else {})
    found = open_server(url).send(
        "POST", "/v1/rules/backtest", text.encode(), content_type=YAML, query=query
    )
    if settings_of(context).json:
        print_json(plain(found))
        return
    _print_tried(found["rules"])
    say(
        f"{found['evaluations']} evaluations of each rule, every {found['step']}, from "
        f"{found['start']} to {found['end']}; --json has every firing",
        settings_of(context),
    )


@rules.command("apply")
def apply_rules(
    context: typer.Context,
    files: Files,
    name: Annotated[
        str | None, typer.Option("--name", help="The file's name on the server; else its own.")
    ] = None,
    url: Url = None,
) -> None:
    """Put rule files in force; the same file again changes nothing.

    Example: watchkeeper rules apply rules.yaml --url http://127.0.0.1:8470
    """
    if name is not None and len(files) > 1:
        raise InputError("--name names one file; apply several one by one")
    server = open_server(url)
    found = [
        server.send(
            "PUT", f"/v1/rules/{quote(name or path.stem, safe='')}", read_text(path).encode(),
            content_type=YAML, query={"source": str(path)},
        )
        for path in files
    ]  # fmt: skip
    if settings_of(context).json:
        print_json(found)
        return
    for one in found:
        typer.echo(f"{one['name']}: {one['outcome']} ({one['rules']} rules)")
        for warning in one["warnings"]:
            say(f"  {warning}", settings_of(context))


@rules.command("list")
def list_rules(context: typer.Context, url: Url = None) -> None:
    """List the rules in force.

    Example: watchkeeper rules list
    """
    found = open_server(url).get("/v1/rules")["files"]
    if settings_of(context).json:
        print_json(found)
        return
    rows = [
        [file["name"], group["name"], group["model"] or "every", rule["alert"],
         rule["expr"] or "budget", rule["severity"] or ""]
        for file in found for group in file["groups"] for rule in group["rules"]
    ]  # fmt: skip
    if not rows:
        say("There are no rules yet; `watchkeeper init` writes some.", settings_of(context))
    print_table(("file", "group", "model", "rule", "condition", "severity"), rows)


@rules.command("remove")
def remove_rules(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The file's name on the server.")],
    url: Url = None,
) -> None:
    """Take a rule file out of force; whoever was told of its alerts is told of their end.

    Example: watchkeeper rules remove flights
    """
    open_server(url).delete(f"/v1/rules/{quote(name, safe='')}")
    typer.echo(f"{name}: removed")


@rules.command("schema")
def show_schema() -> None:
    """Print the JSON schema of rule files, for editors; `watchkeeper schema` has those of others.

    Example: watchkeeper rules schema > rules.schema.json
    """
    print_json(schema_of(Subject.RULES))


def read_text(path: Path) -> str:
    """A text file; `-` is standard input.

    Raises
    ------
    InputError
        It cannot be read.
    """
    if str(path) == "-":
        return sys.stdin.read()
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8 text") from None


def _named(tests: Path, names: tuple[str, ...]) -> list[Path]:
    """The rule files that a file of tests names, beside it."""
    found: list[Path] = []
    for name in names:
        matches = sorted(tests.parent.glob(name))
        if not matches:
            raise InputError(f"{tests} names the rule file {name!r}, and there is none")
        found += matches
    return found


def _print_tried(rules: list[dict[str, Any]]) -> None:
    """A line of each rule; columns that would say the same of all are left out."""
    heads = ("rule", "model", "segment", "alarms", "per 90 days", "hours firing", "flapped", "note")
    rows = [_tried(one) for one in rules]
    said = [set(column) for column in zip(*rows, strict=True)] or [set()] * len(heads)
    kept = [
        place
        for place, head in enumerate(heads)
        if not (head in {"segment", "note"} and said[place] <= {""})
        and not (head == "model" and len(said[place]) == 1)
    ]
    print_table([heads[place] for place in kept], [[row[place] for place in kept] for row in rows])


def _tried(one: dict[str, Any]) -> list[str]:
    summary = one["summary"]
    rate = summary.get("alarms_per_90_days")
    return [
        one["alert"], one["model"], one["segment"] or "", str(summary.get("alarms", "")),
        "" if rate is None else f"{rate:.1f}",
        f"{summary['hours_firing']:.0f}" if "hours_firing" in summary else "",
        str(summary.get("flapped", "")), one["error"] or "",
    ]  # fmt: skip
