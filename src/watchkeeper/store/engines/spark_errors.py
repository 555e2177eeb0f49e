"""What goes wrong on Spark, in one sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from watchkeeper.core.errors import InputError, RuleError, WatchkeeperError
from watchkeeper.store.engines.base import sentence

_LOST = (
    "Py4JNetworkError",
    "Answer from Java side is empty",
    "Connection refused",
    r"StatusCode\.UNAVAILABLE",
    "^AssertionError: $",
    "stopped SparkContext",
    "SparkContext was shut down",
    "SESSION_CLOSED",
    "No active session",
)

_KNOWN = {
    r"No module named '?(watchkeeper|pyarrow|msgspec|numpy|duckdb)\b": (
        "a Spark worker cannot import {0}; install watchkeeper=={version} in the Python of the "
        "workers, the one that PYSPARK_PYTHON names"
    ),
    "PYTHON_VERSION_MISMATCH|Python in worker has different version": (
        "a Spark worker runs another version of Python than this process; "
        "set PYSPARK_PYTHON to the same version on both"
    ),
    r'Cannot run program "([^"]+)"': (
        "a Spark worker has no program {0}; set PYSPARK_PYTHON to a Python that has watchkeeper"
    ),
    "JAVA_GATEWAY_EXITED|JAVA_HOME is not set": (
        "Java cannot be started; install Java 17 or newer and set JAVA_HOME"
    ),
    r"DATA_SOURCE_NOT_FOUND\D*data source: ([\w.]+)": (
        "Spark has no format {0}; add its package, such as "
        "spark.jars.packages=io.delta:delta-spark_2.13:4.0.0 for delta"
    ),
    "|".join(_LOST): (
        "the connection to Spark is lost; check the driver and its cluster, and try again"
    ),
    "ExecutorLostFailure|Unable to acquire|OutOfMemoryError|Python worker exited unexpectedly": (
        "Spark lost the executors again and again, most often for want of memory; give them more, "
        "as in spark.executor.memory=4g"
    ),
}
"""What is found in an error, and what is said of it."""


@contextmanager
def failing(name: str, *secrets: str) -> Iterator[None]:
    """Turn what Spark raises into an `InputError` of one sentence that holds no secret.

    Parameters
    ----------
    name
        The rows or the cluster.
    secrets
        Strings that must never be seen.
    """
    try:
        yield
    except (WatchkeeperError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001  # Py4J, gRPC and Arrow share no root
        raise told(error, name, *secrets) from None


def told(error: Exception, name: str, *secrets: str) -> WatchkeeperError:
    """The error that says of the rows what went wrong.

    >>> told(ValueError("ModuleNotFoundError: No module named 'watchkeeper'"), "t").args[0][:43]
    't: a Spark worker cannot import watchkeeper'
    """
    from watchkeeper import __version__

    text = f"{type(error).__name__}: {error}"
    raised = re.findall(r"watchkeeper\.core\.errors\.(\w+): (.+)", text)
    if raised:
        kind, said = raised[-1]
        return (RuleError if kind == "RuleError" else InputError)(f"{name}: {said.strip()}")
    for pattern, said in _KNOWN.items():
        match = re.search(pattern, text)
        if match:
            found = match.groups()
            return InputError(f"{name}: {said.format(*found, version=__version__)}")
    return InputError(f"{name}: {sentence(ValueError(_gist(str(error))), *secrets)}")


def _gist(text: str) -> str:
    """The line of a long error that says what happened."""
    # The last line of Python's own traceback, which stands before Java's.
    python = re.findall(r"^Traceback.*\n(?:[ \t].*\n|\n)+([\w.]+: .+)$", text, re.MULTILINE)
    if python:
        return str(python[-1])
    java = re.findall(r"^(?:Caused by|: )?\s*[\w.$]*(?:Exception|Error): (.+)$", text, re.MULTILINE)
    line = java[-1] if text.startswith("An error occurred while calling") and java else text
    # The SQL that Spark quotes, and the plan below it, are of no use in one sentence.
    return (
        re.sub(r"\s*(SQLSTATE|;\n|\n).*", "", line.strip(), flags=re.DOTALL).rstrip(" ;.") or text
    )
