"""The rules that a new model begins with, as a commented file for people to change."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from watchkeeper.monitors.starter_rules import Portrait, Section, sections_of

_HEAD = """\
# Rules for {model}, written by `watchkeeper init`. Change what you like; then
#   watchkeeper rules lint FILE        says what is wrong and what may be
#   watchkeeper rules backtest FILE    shows when each rule would have fired
#   watchkeeper rules apply FILE       puts the rules into force
#
# expr      true where something is wrong; `watchkeeper metrics` lists what can be named
# for       how long it must be true before the alert fires
# window    what a metric is measured over, up to now
# min_rows  fewer rows are no data: neither good nor bad
# no_data   what no data makes of the rule: alert, keep (the state as it was), ok
# time_zone where anomaly() counts hours and days, beside `interval`, such as Europe/Berlin; also
#           holidays: [2026-12-25]
# severity  P0 at once, P1 within 15 minutes, P2 within an hour, P3 within a day
"""


def starter_rules(portrait: Portrait) -> str:
    r"""The text of a rule file for a model.

    Parameters
    ----------
    portrait
        What the model has; rules that it has nothing for are left out.

    Returns
    -------
    str
        YAML with comments, which `read_rules` accepts.

    Examples
    --------
    >>> text = starter_rules(Portrait("flights", task="binary", has_reference=True))
    >>> print(*[line for line in text.splitlines() if "reference.f1" in line], sep="\n")
            expr: f1 < 0.95 * reference.f1
            expr: f1 < 0.9 * reference.f1
    """
    parts = [_section(section, portrait.model) for section in sections_of(portrait)]
    name = "".join(sign if sign.isprintable() else " " for sign in portrait.model)
    return _HEAD.format(model=name) + "\ngroups:\n" + "\n".join(parts)


@dataclass(frozen=True, slots=True)
class _Line:
    """A key and its value, indented."""

    depth: int
    key: str
    value: str

    def __str__(self) -> str:
        return f"{'  ' * self.depth}{self.key}: {self.value}"


def _section(section: Section, model: str) -> str:
    lines = [
        *(f"  # {line}" for line in section.comment),
        f"  - name: {_scalar(section.name)}",
        str(_Line(2, "model", _scalar(model))),
        str(_Line(2, "interval", section.interval)),
        "    rules:",
    ]
    for draft in section.drafts:
        sign = "# " if draft.off else ""
        lines += [f"      # {line}" for line in draft.comment]
        body = _mapping(draft.keys())
        lines += [f"      {sign}{'- ' if n == 0 else '  '}{line}" for n, line in enumerate(body)]
        lines.append("")
    return "\n".join(lines)


def _mapping(keys: dict[str, object], depth: int = 0) -> list[str]:
    lines: list[str] = []
    for key, value in keys.items():
        if isinstance(value, dict):
            lines += [f"{'  ' * depth}{key}:", *_mapping(value, depth + 1)]
        else:
            lines.append(str(_Line(depth, key, _scalar(value))))
    return lines


def _scalar(value: object) -> str:
    """A value on one line, quoted where YAML needs it.

    >>> _scalar('psi("temp") > 1'), _scalar("{{ $value }}"), _scalar("yes")
    ('psi("temp") > 1', "'{{ $value }}'", "'yes'")
    """
    if isinstance(value, str) and not value.isprintable():
        # More characters than \n end a line in YAML; escaped, none does.
        dumped: str = yaml.safe_dump(value, width=float("inf"), default_style='"')
    else:
        dumped = yaml.safe_dump(value, width=float("inf"), allow_unicode=True)
    return dumped.removesuffix("\n").removesuffix("\n...")
