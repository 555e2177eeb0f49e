"""The results as Markdown: ratios first, since they carry from one machine to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.jobs import BASE, GROWTH, JOBS, OURS, Size
from benchmarks.measure import Spread, spread

Results = Mapping[str, Mapping[str, Any]]


def render(results: Results) -> str:
    """The Markdown of all results.

    Parameters
    ----------
    results
        By ``"<job> <rows>x<columns>"``: `runs` (each with `cpu` and `wall` in seconds and `memory`
        in bytes), `outputs` (bytes by file), `session` and `machine`.

    Returns
    -------
    str
        Tables of ratios, targets and growth; a missing measurement is left out.
    """
    parts = [*_beside(results), *_targets(results), *_growth(results), *_origin(results)]
    return "\n".join(parts) + "\n"


def render_short(results: Results) -> str:
    """What the README quotes: the ratios beside the peers, and where the rest lies."""
    lines = [*_beside(results), "", "More, and how it was measured: [benchmarks](benchmarks/)."]
    return "\n".join(lines) + "\n"


def put_between(path: Path, text: str, mark: str = "bench") -> None:
    """Replace what stands between the marks of a file; a file without marks stays as it is.

    Parameters
    ----------
    path
        A Markdown file with ``<!-- mark -->`` and ``<!-- /mark -->``.
    text
        What to put there, with a line end at its end.
    mark
        The name of the place.
    """
    begin, end = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    whole = path.read_text() if path.exists() else ""
    head, begun, rest = whole.partition(begin)
    _, ended, tail = rest.partition(end)
    if not begun or not ended:
        print(f"{path.name} has no place marked {begin} ... {end}; left as it is")
        return
    path.write_text(f"{head}{begin}\n{text}{end}{tail}")


def _of(results: Results, name: str, size: Size, field: str) -> Spread | None:
    entry = results.get(f"{name} {size}")
    return spread([run[field] for run in entry["runs"]]) if entry else None


def _ratio(results: Results, name: str, field: str) -> float | None:
    """How many times ours the median of a job is."""
    theirs, ours = _of(results, name, BASE, field), _of(results, OURS, BASE, field)
    return theirs.middle / ours.middle if theirs and ours else None


def _beside(results: Results) -> Iterator[str]:
    yield f"**{BASE.rows:,} rows x {BASE.columns} mixed columns, reference against current**"
    yield ""
    yield (
        "| job | CPU time, times ours | peak memory, times ours | CPU seconds: median "
        "(least to most) | peak MiB | runs |"
    )
    yield "|---|---:|---:|---:|---:|---:|"
    for name, job in JOBS.items():
        cpu, memory = _of(results, name, BASE, "cpu"), _of(results, name, BASE, "memory")
        if cpu is None or memory is None:
            continue
        ratios = [_times(_ratio(results, name, field)) for field in ("cpu", "memory")]
        runs = len(results[f"{name} {BASE}"]["runs"])
        yield (
            f"| **{job.title}**: {job.does} | {ratios[0]} | {ratios[1]} | {_seconds(cpu)} "
            f"| {memory.middle / 2**20:,.0f} | {runs} |"
        )


def _targets(results: Results) -> Iterator[str]:
    yield ""
    yield "| target | measured | reached |"
    yield "|---|---:|---|"
    goals = (
        ("Evidently's CPU time at least 50 times ours", "evidently", "cpu", 50.0),
        ("Evidently's peak memory at least 5 times ours", "evidently", "memory", 5.0),
        ("faster than SciPy's KS test in a loop", "scipy", "cpu", 1.0),
        ("no slower than the DuckDB query", "duckdb", "cpu", 1.0),
    )
    for text, name, field, least in goals:
        ratio = _ratio(results, name, field)
        if ratio is not None:
            yield f"| {text} | {_times(ratio)} | {_reached(held=ratio >= least)} |"
    base = _of(results, OURS, BASE, "cpu")
    for size in GROWTH:
        used = _of(results, OURS, size, "cpu")
        if size.columns == BASE.columns and base and used:
            ratio, rows = used.middle / base.middle, size.rows // BASE.rows
            text = f"{rows} times the rows in at most {rows} times the CPU time"
            yield f"| {text} | {_times(ratio)} | {_reached(held=ratio <= rows)} |"
    most = _of(results, OURS, Size(10_000_000), "memory")
    if most:
        text = "10,000,000 rows in less than 2 GiB"
        yield f"| {text} | {most.high / 2**30:.2f} GiB | {_reached(held=most.high < 2**31)} |"


def _growth(results: Results) -> Iterator[str]:
    yield ""
    yield "**Watchkeeper by size**"
    yield ""
    yield (
        "| rows | columns | CPU time, times that at 1,000,000 x 50 | CPU seconds: median "
        "(least to most) | peak MiB | HTML kB | JSON kB |"
    )
    yield "|---:|---:|---:|---:|---:|---:|---:|"
    base = _of(results, OURS, BASE, "cpu")
    for size in (BASE, *GROWTH):
        cpu, memory = _of(results, OURS, size, "cpu"), _of(results, OURS, size, "memory")
        if cpu is None or memory is None:
            continue
        outputs = results[f"{OURS} {size}"]["outputs"]
        ratio = _times(cpu.middle / base.middle if base else None)
        cells = [f"{size.rows:,}", f"{size.columns:,}", ratio, _seconds(cpu)]
        cells.append(f"{memory.high / 2**20:,.0f}")
        cells += [f"{outputs.get(name, 0) / 1e3:,.0f}" for name in ("report.html", "report.json")]
        yield f"| {' | '.join(cells)} |"


def _origin(results: Results) -> Iterator[str]:
    """Where and when; and, where the numbers are of several runs, which is of which."""
    sessions: dict[str, list[str]] = {}
    for key, entry in results.items():
        sessions.setdefault(f"{entry['session']} on {entry['machine']}", []).append(key)
    yield ""
    if len(sessions) == 1:
        yield f"All in one run, {next(iter(sessions))}."
        return
    yield "Not all in one run:"
    yield ""
    for when, keys in sessions.items():
        yield f"- {when}: {', '.join(keys)}"


def _times(ratio: float | None) -> str:
    if ratio is None:
        return ""
    return f"{ratio:.0f} x" if ratio >= 20 else f"{ratio:.2f} x"


def _seconds(found: Spread) -> str:
    return f"{found.middle:.1f} ({found.low:.1f} to {found.high:.1f})"


def _reached(*, held: bool) -> str:
    return "yes" if held else "**no**"
