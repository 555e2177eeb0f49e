"""How often the peers, with their defaults, call columns drifted where nothing drifts.

The reference and the window are drawn with replacement from one pool, the flights of 2013 with
the features of the demo, so every flag is false. ``python -m benchmarks.false_alarms_peers``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environments import HERE, python_of
from benchmarks.jobs import DATA
from benchmarks.measure import run
from benchmarks.table import put_between

POOL = DATA / "flights.parquet"
RESULTS = DATA / "false_alarms_peers.json"
SEED = 7
PEERS = {"evidently": "Evidently 0.7.23, defaults", "nannyml": "NannyML 0.13.1, defaults"}

_WRITE_POOL = (
    "import sys; from flights.data import FEATURES, load_flights; "
    "load_flights()[FEATURES].to_parquet(sys.argv[1], index=False)"
)


@dataclass(frozen=True)
class Setting:
    """How much is drawn, and how often.

    Parameters
    ----------
    rows
        Rows of the window.
    reference
        Rows of the reference.
    repetitions
        Windows drawn.
    label
        What the reference is called in the table.
    peers
        Who runs it.
    """

    rows: int
    reference: int
    repetitions: int
    label: str
    peers: tuple[str, ...] = tuple(PEERS)

    def __str__(self) -> str:
        return f"{self.rows} of {self.reference}"


TEN_WINDOWS, LARGE = "reference of ten windows", "reference of 100,000 rows"
SETTINGS = (
    Setting(100, 1_000, 100, TEN_WINDOWS),
    Setting(1_000, 10_000, 30, TEN_WINDOWS),
    Setting(100_000, 1_000_000, 10, TEN_WINDOWS, ("nannyml",)),
    Setting(100, 100_000, 20, LARGE),
    Setting(1_000, 100_000, 20, LARGE),
    Setting(100_000, 100_000, 4, LARGE, ("evidently",)),
)
"""What is affordable: Evidently takes minutes a window against a million rows, and one chunk is
no reference for NannyML."""


def main() -> None:
    """Run both peers at all sizes, print the table and put it into the README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--rows", nargs="*", type=int, help="these sizes of window alone")
    args = parser.parse_args()
    os.chdir(HERE.parent)
    _make_pool()
    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for setting in SETTINGS:
        for peer in args.only:
            if peer in setting.peers and (not args.rows or setting.rows in args.rows):
                found[f"{peer} {setting}"] = _flags(peer, setting)
                RESULTS.write_text(json.dumps(found, indent=1))
    text = "\n".join(table(found)) + "\n"
    print(text)
    put_between(HERE / "README.md", text, "false-alarms-peers")


def table(found: dict[str, dict[str, object]]) -> Iterator[str]:
    """The Markdown of the results, in the shape that `false_alarms` prints ours.

    Parameters
    ----------
    found
        By ``"<peer> <rows> of <reference rows>"``: the number of `columns`, and for each window
        how many were `flagged`.

    Yields
    ------
    str
        A line.
    """
    sizes = sorted({setting.rows for setting in SETTINGS})
    drawn = (f"{len(_flagged(entry))} ({key})" for key, entry in found.items())
    yield f"The 18 features of the demo, no change; windows: {', '.join(drawn)}."
    yield ""
    for title in ("of columns flagged", "of windows with a flag"):
        yield f"**False alarms: share {title}**"
        yield ""
        yield f"| rule | {' | '.join(f'{size:,} rows' for size in sizes)} |"
        yield "|---|" + "---:|" * len(sizes)
        for peer, name in PEERS.items():
            for label in (TEN_WINDOWS, LARGE):
                shares = {
                    setting.rows: _shares(found[f"{peer} {setting}"])[title]
                    for setting in SETTINGS
                    if setting.label == label and f"{peer} {setting}" in found
                }
                cells = [f"{100 * shares[size]:.1f} %" if size in shares else "" for size in sizes]
                yield f"| {name}, {label} | {' | '.join(cells)} |"
        yield ""


def _shares(entry: dict[str, object]) -> dict[str, float]:
    flagged, columns = _flagged(entry), entry["columns"]
    assert isinstance(columns, int)
    return {
        "of columns flagged": sum(flagged) / (len(flagged) * columns),
        "of windows with a flag": sum(count > 0 for count in flagged) / len(flagged),
    }


def _flagged(entry: dict[str, object]) -> list[int]:
    flagged = entry["flagged"]
    assert isinstance(flagged, list)
    return flagged


def _make_pool() -> None:
    if not POOL.exists():
        POOL.parent.mkdir(parents=True, exist_ok=True)
        path = os.environ | {
            "PYTHONPATH": os.pathsep.join((str(HERE.parent / "examples"), *sys.path))
        }
        subprocess.run([sys.executable, "-c", _WRITE_POOL, POOL], check=True, env=path)


def _flags(peer: str, setting: Setting) -> dict[str, object]:
    """Run one peer in its own environment."""
    out = DATA / "out" / f"flags-{peer}-{setting.rows}-{setting.reference}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    numbers: Sequence[int] = (setting.reference, setting.rows, setting.repetitions, SEED)
    script: list[str | Path] = [python_of(peer), HERE / "peers" / f"{peer}_flags.py", POOL]
    usage = run([*script, *map(str, numbers), out], DATA / "logs" / f"flags-{peer}.log")
    print(f"{peer} at {setting.rows:,} rows: {usage.wall:.0f} s", file=sys.stderr, flush=True)
    found: dict[str, object] = json.loads(out.read_text())
    return found


if __name__ == "__main__":
    main()
