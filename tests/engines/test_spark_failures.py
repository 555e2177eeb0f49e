"""What goes wrong on Spark: a completed retry, or one sentence; never a wrong profile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.engines.spark_cluster import Cluster, to_spark
from watchkeeper.core.errors import InputError, RuleError
from watchkeeper.core.model import Column, Kind, Model, Rule
from watchkeeper.profiles.codec import encode_counts
from watchkeeper.profiles.fit import fit_layout
from watchkeeper.profiles.kernel import profile_batch
from watchkeeper.store.engines import spark
from watchkeeper.store.engines.opening import open_url
from watchkeeper.store.engines.spark import SparkRows
from watchkeeper.store.engines.spark_errors import told
from watchkeeper.testing import assert_same_profile
from watchkeeper.testing.engines import as_batch

pytestmark = [
    pytest.mark.xdist_group("spark"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]

TABLE = pa.table({"x": np.arange(400.0), "c": pa.array(["a", "b", None, "c"] * 100)})
MODEL = Model("m", (Column("x", Kind.NUMERIC), Column("c", Kind.CATEGORICAL)))
LAYOUT = fit_layout(MODEL, TABLE)


def slowly(session: Any, tasks: int, seconds: float) -> Any:
    """The rows of `TABLE`, each task of which takes its time."""

    def wait(batches):
        import time as clock  # on the executor

        clock.sleep(seconds)
        yield from batches

    frame = to_spark(session, TABLE).repartition(tasks)
    return frame.mapInArrow(wait, frame.schema)


def test_a_killed_executor_is_made_up_for(spark_session: Any, spark_cluster: Cluster) -> None:
    """Tasks that were lost are done again, and the profile is the same, byte by byte."""
    application = spark_session.sparkContext.applicationId
    rows = SparkRows(slowly(spark_session, 6, 1.0), "rows")
    undisturbed = SparkRows(slowly(spark_session, 6, 0.0), "rows").profile(LAYOUT)
    killed: list[int] = []

    def kill(done: float, _: str) -> None:
        if 0 < done < 1 and not killed:
            killed.append(spark_cluster.executors(application)[0])
            os.kill(killed[0], signal.SIGKILL)

    profile = rows.profile(LAYOUT, progress=kill)
    assert killed
    assert killed[0] not in spark_cluster.executors(application)
    assert encode_counts(profile) == encode_counts(undisturbed)
    assert_same_profile(profile, profile_batch(as_batch(TABLE), LAYOUT))


def test_progress_is_told_in_tasks(spark_session: Any) -> None:
    """A long scan says how many of its tasks are done, each number once."""
    said: list[tuple[float, str]] = []
    rows = SparkRows(slowly(spark_session, 4, 0.6), "the rows")
    rows.profile(LAYOUT, progress=lambda done, text: said.append((done, text)))
    assert said[0] == (0.0, "profiling the rows")
    scan = [(done, text) for done, text in said if text.endswith("of 4 tasks")]
    assert scan == sorted(set(scan))
    assert any(0 < done < 1 for done, _ in scan)


def test_a_time_limit_ends_the_job(spark_session: Any) -> None:
    """The sentence says the limit, and the cluster works no more."""
    frame = spark_session.range(0, 10**12, numPartitions=2).withColumnRenamed("id", "x")
    rows = SparkRows(frame, "many", timeout=1.0)
    with pytest.raises(InputError, match="many: a query took longer than 1 s"):
        rows.profile(LAYOUT)
    assert ended(spark_session)


def ended(session: Any) -> bool:
    """Whether no job runs any more, soon."""
    for _ in range(100):
        if not session.sparkContext.statusTracker().getActiveJobsIds():
            return True
        time.sleep(0.1)
    return False


CANCELLED = """
import sys
from watchkeeper.core.model import Column, Kind, Model
from watchkeeper.core.errors import InputError
from watchkeeper.profiles.fit import fit_layout
from watchkeeper.store.engines.opening import open_url
import pyarrow as pa
import time

rows = open_url(sys.argv[1])
layout = fit_layout(Model("m", (Column("id", Kind.NUMERIC),)), pa.table({"id": [1, 2]}))
tracker = rows.frame.sparkSession.sparkContext.statusTracker()
begun = []

def tell(done, text):
    if not begun:
        begun.append(text)
        print("begun", flush=True)

try:
    rows.profile(layout, progress=tell)
except KeyboardInterrupt:
    for _ in range(100):
        if not tracker.getActiveJobsIds():
            break
        time.sleep(0.1)
    print("cancelled,", len(tracker.getActiveJobsIds()), "jobs left", flush=True)
rows.close()
try:
    rows.profile(layout)
except InputError as error:
    print(error)
"""


def test_ctrl_c_cancels_the_job_on_the_cluster(spark_cluster: Cluster) -> None:
    """A process that gets SIGINT in the middle of a scan leaves nothing running there."""
    url = spark_cluster.address("query=SELECT id FROM range(0, 1000000000000, 1, 2)")
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", CANCELLED, url],
        stdout=subprocess.PIPE, text=True, env=spark_cluster.environment,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    lines = output.splitlines()
    assert lines[0] == "cancelled, 0 jobs left"
    assert "the connection to Spark is lost" in lines[1], lines
    assert process.returncode == 0


def message(url: str) -> str:
    """What opening a URL says goes wrong."""
    with pytest.raises(InputError) as caught:
        open_url(url).close()
    assert "\n" not in str(caught.value)
    assert "JVM stacktrace" not in str(caught.value)
    return str(caught.value)


def test_urls_that_name_nothing(spark_session: Any, spark_cluster: Cluster) -> None:
    """A missing table, column, file, format or query is one sentence."""
    at = spark_cluster.url
    assert "`nope` cannot be found" in message(f"{at}?table=nope")
    assert "`nope`" in message(f"{at}?query=SELECT nope FROM range(3)")
    assert "SELECTT" in message(f"{at}?query=SELECTT 1")
    assert "/not/there" in message(f"{at}?path=/not/there")
    assert "delta" in message(f"{at}?path=/tmp&format=delta")
    assert "names a cluster but no rows" in message(at)
    assert "the option 'tabel', which is not known" in message(f"{at}?tabel=x")


def test_a_cluster_that_is_not_there(spark_session: Any) -> None:
    """Nothing listens, or this process has another cluster already."""
    assert "can have no second one" in message("spark://127.0.0.1:1?table=t")
    assert "cannot be reached" in message("sc://127.0.0.1:1?table=t")


def test_the_session_of_this_process_serves_urls(
    spark_session: Any, spark_cluster: Cluster, tmp_path: Path
) -> None:
    """Files are read through it, closing leaves it open, and a sample is drawn again alike."""
    pq.write_table(TABLE, tmp_path / "rows.parquet")
    TABLE.to_pandas().to_csv(tmp_path / "rows.csv", index=False)
    kernel = profile_batch(as_batch(TABLE), LAYOUT)
    for end in (
        f"path={tmp_path}/rows.parquet",
        f"path={tmp_path}/rows.csv&format=csv&option.nullValue=",
        f"query=SELECT * FROM parquet.`{tmp_path}/rows.parquet`",
    ):
        rows = open_url(f"{spark_cluster.url}?{end}")
        assert_same_profile(rows.profile(LAYOUT), kernel)
        rows.close()
    rows = open_url(f"spark://?path={tmp_path}/rows.parquet&spark.sql.session.timeZone=Asia/Tokyo")
    assert rows.sample(10**6).sort_by("x") == TABLE
    drawn = rows.sample(100, seed=0.25)
    assert 50 < drawn.num_rows < 150
    assert drawn == rows.sample(100, seed=0.25)
    rows.close()
    assert spark_session.range(3).count() == 3
    assert spark_session.conf.get("spark.sql.session.timeZone") != "Asia/Tokyo"


def test_a_worker_that_lacks_watchkeeper(
    spark_session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence says what to install, and where."""
    rows = SparkRows(to_spark(spark_session, TABLE), "rows")
    monkeypatch.setattr(spark_session.sparkContext, "pythonExec", sys._base_executable)
    with pytest.raises(
        InputError, match=r"a Spark worker cannot import \w+; install watchkeeper=="
    ):
        rows.profile(LAYOUT)


def test_a_worker_of_another_version(spark_session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Profiles of two versions are not mixed."""
    rows = SparkRows(to_spark(spark_session, TABLE), "rows")
    monkeypatch.setattr(spark, "__version__", "99.0")
    with pytest.raises(InputError, match=r"worker has watchkeeper .*install watchkeeper==99\.0"):
        rows.profile(LAYOUT)


def test_what_cannot_be_profiled(spark_session: Any) -> None:
    """Two columns of one name, a stream, a rule that fits no column, a column of no times."""
    frame = to_spark(spark_session, TABLE)
    with pytest.raises(InputError, match="more than one column called 'x'"):
        SparkRows(frame.toDF("x", "x"), "rows")
    with pytest.raises(InputError, match="is a stream"):
        SparkRows(spark_session.readStream.format("rate").load(), "rows")
    rows = SparkRows(frame, "rows")
    with pytest.raises(RuleError, match="nope"):
        rows.profile(fit_layout(Model("m", MODEL.columns, rules=(Rule("r", "nope > 1"),)), TABLE))
    with pytest.raises(InputError, match="'x' of rows is of type double"):
        rows.between("x", 0.0, 1.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Py4JNetworkError: Answer from Java side is empty", "connection to Spark is lost"),
        ("[JAVA_GATEWAY_EXITED] Java gateway process exited", "install Java 17"),
        ('java.io.IOException: Cannot run program "python9": error=2', "has no program python9"),
        ("ExecutorLostFailure (executor 3 exited)", "spark.executor.memory=4g"),
        ("[PYTHON_VERSION_MISMATCH] Python in worker", "another version of Python"),
        ("watchkeeper.core.errors.RuleError: rule 'r' is odd\n\tat x", "t: rule 'r' is odd"),
        (
            'An:\nTraceback (most recent call last):\n  File "x"\n\nlib.Odd: bad\n\n\tat y',
            "t: lib.Odd: bad",
        ),
        ("secret: hush\nand more", "t: secret: ***"),
    ],
)
def test_errors_are_one_sentence(text: str, said: str) -> None:
    """What Spark says in pages is said in a line, without secrets."""
    error = told(RuntimeError(text), "t", "hush")
    assert said in str(error)
    assert "\n" not in str(error)


def test_the_example_runs(spark_cluster: Cluster, tmp_path: Path) -> None:
    """Two URLs of one cluster share a session, which ends with the last of them."""
    pq.write_table(TABLE, tmp_path / "may.parquet")
    later = TABLE.set_column(0, "x", pa.array(np.arange(400.0) + 300))
    pq.write_table(later, tmp_path / "june.parquet")
    urls = {
        name: spark_cluster.address(f"path={tmp_path}/{month}.parquet")
        for name, month in (("REFERENCE", "may"), ("CURRENT", "june"))
    }
    example = Path(__file__).parents[2] / "examples" / "engine_spark.py"
    done = subprocess.run(
        [sys.executable, example],
        cwd=tmp_path, env={**spark_cluster.environment, **urls}, text=True, capture_output=True,
        check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "drift" in done.stdout
    assert "pandas" not in done.stderr
    assert (tmp_path / "spark.html").stat().st_size > 1000
