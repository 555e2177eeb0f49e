"""Spark Connect: a real server before the cluster, from a process without Java."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.engines.spark_cluster import Cluster, running_connect

pytestmark = pytest.mark.xdist_group("spark")

CLIENT = """
import json, sys
import pyarrow as pa, pyarrow.parquet as pq
from watchkeeper.core.errors import InputError
from watchkeeper.core.model import Column, Kind, Model, Rule, Task
from watchkeeper.profiles.fit import fit_layout
from watchkeeper.profiles.kernel import profile_batch
from watchkeeper.app.sources import open_source
from watchkeeper.store.engines.opening import open_url
from watchkeeper.store.engines.spark import SparkRows
from watchkeeper.testing import assert_same_profile
from watchkeeper.testing.engines import as_batch

url, path = sys.argv[1:]
table = pq.read_table(path)
model = Model(
    "m", (Column("x", Kind.NUMERIC), Column("c", Kind.CATEGORICAL)), segments=("c",),
    rules=(Rule("large", "x > 5.0"),),
)
layout = fit_layout(model, table)
rows = open_url(f"{url}?path={path}")
said = []
profile = rows.profile(layout, progress=lambda done, text: said.append(text))
assert_same_profile(profile, profile_batch(as_batch(table), layout))
drawn = rows.sample(10**6)
times = rows.profile_windows(layout, "t", [0.0, 50.0, 100.0])
out = {
    "rows": profile.whole.rows, "failed": profile.whole.tallies["rule:large"].failed,
    "sample": drawn.sort_by("x").equals(table), "span": rows.span("t"), "said": said,
    "windows": {window: held.whole.rows for window, held in times.items()},
    "object": type(open_source(rows.frame)).__name__,
}
session = rows.frame.sparkSession
try:
    many = session.range(0, 10**12, 1, 2).withColumnRenamed("id", "x")
    SparkRows(many, "many", timeout=1.0).profile(layout)
except InputError as error:
    out["limit"] = str(error)
try:
    open_url(f"{url}?table=nope")
except InputError as error:
    out["missing"] = str(error)
rows.close()
print(json.dumps(out))
"""


def test_the_same_profile_over_connect(spark_cluster: Cluster, tmp_path: Path) -> None:
    """Profile, windows, rules, sample, time limit and errors are those of a classic session."""
    pytest.importorskip("grpc_status", reason="Spark Connect needs grpcio-status")
    n = 400
    table = pa.table(
        {
            "x": np.arange(float(n)),
            "c": pa.array(["a", "b", None, "c"] * (n // 4)),
            "t": pa.array(np.arange(n)).cast(pa.timestamp("s")).cast(pa.timestamp("us")),
        }
    )
    pq.write_table(table, tmp_path / "rows.parquet")
    with running_connect(spark_cluster) as url:
        client = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", CLIENT, url, tmp_path / "rows.parquet"],
            stdout=subprocess.PIPE, text=True, timeout=300, check=False,
            env={**spark_cluster.environment, "JAVA_HOME": "/nowhere"},
        )  # fmt: skip
    assert client.returncode == 0
    said = json.loads(client.stdout)
    assert (said["rows"], said["failed"], said["sample"]) == (n, 6, True)
    assert said["span"] == [0.0, n - 1.0]
    assert said["windows"] == {"0": 50, "1": 50}
    assert said["object"] == "SparkRows"
    assert said["said"][0].startswith("profiling sc://")
    assert "took longer than 1 s" in said["limit"]
    assert "`nope` cannot be found" in said["missing"]
