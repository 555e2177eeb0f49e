"""What `watchkeeper slo check` prints of an SLO."""

from __future__ import annotations

from datetime import timedelta

from watchkeeper.core.durations import format_duration
from watchkeeper.monitors.slo.check import check_slo, facts, required_errors
from watchkeeper.monitors.slo.objective import Slo
from watchkeeper.monitors.slo.wording import describe, percent


def check_text(slo: Slo, volume: float | None = None) -> str:
    """An SLO, what its alerts need, how soon they tell, and what is wrong with them.

    Parameters
    ----------
    slo
        Any.
    volume
        Events a day, where they are known.

    Examples
    --------
    >>> from watchkeeper.monitors.slo.objective import Indicator, Kind
    >>> print(check_text(Slo("answers", 0.99, Indicator(Kind.AVAILABILITY), "flights")))
    flights/answers: 99 % of answers without an error over 30d
                    burn   errors   events  all bad     10 %      2 %
      1h/5m         14.4   14.4 %        7    8m38s    never    never
      6h/30m           6      6 %       17   21m36s    3h36m    never
      1d/2h            3      3 %       34   43m12s    7h12m    never
      3d/6h            1      1 %      100   43m12s    7h12m    1d12h
    """
    name = f"{slo.model}/{slo.name}" if slo.model else slo.name
    lines = [f"{name}: {describe(slo)}"]
    known = facts(slo)
    if known:
        ratios = [ratio for ratio, _ in known[0].detection]
        heads = ["burn", "errors", "slices" if slo.budgeting == "timeslices" else "events"]
        heads += ["all bad", *(percent(ratio) for ratio in ratios[1:])]
        lines.append(_row("", heads))
    for fact in known:
        cells = [f"{fact.factor:.4g}", percent(fact.limit), str(fact.needed)]
        cells += [_time(time) for _, time in fact.detection]
        lines.append(_row(fact.pair.name, cells))
    findings = check_slo(slo, volume)
    lines += [f"  {found.level}: {found.text}" for found in findings]
    if any("can never fire" in found.text for found in findings):
        lines += ["Errors that each burn rate needs:", required_errors()]
    return "\n".join(lines)


def _row(name: str, cells: list[str]) -> str:
    return f"  {name:<9}" + "".join(f"{cell:>9}" for cell in cells)


def _time(time: timedelta | None) -> str:
    """A length to the second, to the minute beyond an hour."""
    if time is None:
        return "never"
    whole = timedelta(minutes=1) if time >= timedelta(hours=1) else timedelta(seconds=1)
    return format_duration(max(whole, round(time / whole) * whole))
