"""The page of the command line: every verb, argument and option, from the program itself."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

INTRODUCTION = """# Command line

This page is made from the program. `watchkeeper VERB --help` says the same in a terminal.

Exit codes: 0 where everything holds, 1 where `check` found something that fails, 2 where the
command could not run; then one sentence on standard error says what was given, what is allowed and
what to do. `--debug` adds the traceback.
"""


def cli_page(program: Any) -> str:
    """The whole page: the options of all verbs, then one section a verb."""
    lines = [INTRODUCTION]
    shared = [parameter for parameter in program.params if parameter.name != "help"]
    if shared:
        lines += ["## All verbs { #all-verbs }", "", *_parameters(shared)]
    for level, name, command in commands_of(program):
        lines += _section(level, name, command)
    return "\n".join(lines).rstrip() + "\n"


def commands_of(group: Any, level: int = 2, prefix: str = "") -> Iterator[tuple[int, str, Any]]:
    """Each command with the level of its heading and its full name, hidden ones left out.

    A group, such as `keys`, comes before its own commands, which are a level below it.
    """
    for name, command in sorted(group.commands.items()):
        if command.hidden:
            continue
        full = f"{prefix}{name}"
        yield level, full, command
        if hasattr(command, "commands"):
            yield from commands_of(command, level + 1, f"{full} ")


def _section(level: int, name: str, command: Any) -> Iterator[str]:
    yield f"{'#' * level} {name}"
    yield ""
    yield inspect.cleandoc(command.help or "").split("\f")[0].strip()
    yield ""
    if hasattr(command, "commands"):
        return
    parameters = [p for p in command.params if p.name != "help" and not getattr(p, "hidden", False)]
    arguments = [_usage(p) for p in parameters if p.param_type_name == "argument"]
    usage = " ".join(["watchkeeper", name, *arguments, "[OPTIONS]"])
    yield f"```text\n{usage}\n```"
    yield ""
    yield from _parameters(parameters)


def _parameters(parameters: list[Any]) -> Iterator[str]:
    if not parameters:
        return
    yield "| argument or option | what it is | default |"
    yield "|---|---|---|"
    for parameter in parameters:
        text = " ".join((getattr(parameter, "help", None) or "").split()).replace("|", "\\|")
        yield f"| {_names(parameter)} | {text} | {_default(parameter)} |"
    yield ""


def _names(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{_usage(parameter)}`"
    spelled = [*parameter.opts, *parameter.secondary_opts]
    return ", ".join(f"`{name}`" for name in sorted(spelled, key=len, reverse=True))


def _usage(parameter: Any) -> str:
    name = parameter.metavar or parameter.name.upper()
    name = f"{name}..." if parameter.nargs == -1 or parameter.multiple else name
    return name if parameter.required else f"[{name}]"


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    value = parameter.default
    if value is True and parameter.secondary_opts:
        return f"`{parameter.opts[0]}`"
    if value is None or value is False or value in ([], (), "") or callable(value):
        return ""
    shown = getattr(value, "value", value)
    return f"`{shown}`"
