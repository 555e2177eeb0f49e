"""Spark sessions of URLs: opened, shared by the URLs of one process, and stopped."""

from __future__ import annotations

import socket
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from watchkeeper.core.errors import InputError, MissingExtraError
from watchkeeper.store.engines.spark_errors import failing
from watchkeeper.store.engines.urls import Address

Release = Callable[[], None]
"""Gives a session back; the last one stops it."""

_DEFAULTS = {
    "spark.app.name": "watchkeeper",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
"""What a session of ours has, where the URL says nothing else."""

_REACHED_WITHIN = 5.0
_SESSION_KEYS = ("spark.",)
_READER_KEYS = ("option.",)
_OWN_KEYS = ("table", "query", "path", "format")
_CONNECT_KEYS = ("token", "use_ssl", "user_id", "session_id", "user_agent")

_users = 0
"""How many open sources use the session that we started."""


def open_session(address: Address) -> tuple[Any, Release]:
    """The session that a URL asks for, and what gives it back.

    `spark://` without a host takes the session of this process, or what Spark's own
    configuration names as master.

    Raises
    ------
    InputError
        There is no such cluster, an option is not known, or this process has a session on another.
    MissingExtraError
        PySpark is not installed.
    """
    _check_options(address)
    # PySpark warns of each new pandas, which nothing here uses.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    try:
        import pyspark  # noqa: F401  # an optional package
    except ImportError:
        raise MissingExtraError("pyspark", f"reading {address.shown}", "spark") from None
    if address.scheme == "sc":
        return _connect(address)
    with failing(address.shown, *address.secrets):
        return _shared(address) if _running() else _started(address)


def _check_options(address: Address) -> None:
    keys = _OWN_KEYS + (_CONNECT_KEYS if address.scheme == "sc" else ())
    for key in address.options:
        if key not in keys and not key.startswith(_SESSION_KEYS + _READER_KEYS):
            raise InputError(
                f"{address.shown} has the option {key!r}, which is not known; there are "
                f"{', '.join(keys)}, timeout, spark.… for the session and option.… for the reader"
            )


def _settings(address: Address) -> dict[str, str]:
    return {k: v for k, v in address.options.items() if k.startswith(_SESSION_KEYS)}


def _running() -> Any:
    from pyspark import SparkContext

    return SparkContext._active_spark_context  # noqa: SLF001  # the one way to ask


def _started(address: Address) -> tuple[Any, Release]:
    global _users  # noqa: PLW0603  # a process has one Spark context
    from pyspark.sql import SparkSession

    settings = _DEFAULTS | _settings(address)
    builder = SparkSession.builder
    if address.host:
        _refuse_unreachable(address, 7077)
        builder = builder.master(f"spark://{address.host}:{address.port or 7077}")
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    _users = 1
    return session, _once(lambda: _give_back(session))


def _shared(address: Address) -> tuple[Any, Release]:
    """A session of its own on the context that this process has."""
    global _users  # noqa: PLW0603  # as above
    from pyspark.sql import SparkSession

    context = _running()
    wanted = f"spark://{address.host}:{address.port or 7077}"
    if address.host and context.master != wanted:
        raise InputError(
            f"this process has a Spark session on {context.master}, and can have no second one on "
            f"{wanted}; stop it, or give a DataFrame of it"
        )
    session = SparkSession(context).newSession()
    for key, value in _settings(address).items():
        if context.getConf().get(key) != value:
            session.conf.set(key, value)
    if not _users:
        return session, lambda: None  # The user's own, who stops it.
    _users += 1
    return session, _once(lambda: _give_back(session))


def _give_back(session: Any) -> None:
    global _users  # noqa: PLW0603  # as above
    _users -= 1
    if _users == 0:
        session.stop()


def _once(release: Release) -> Release:
    left = [release]
    return lambda: left.pop()() if left else None


def _connect(address: Address) -> tuple[Any, Release]:
    _refuse_unreachable(address, 15002)
    parameters = {key: address.options[key] for key in _CONNECT_KEYS if key in address.options}
    if address.password is not None:
        parameters["token"] = address.password
    if address.user is not None:
        parameters["user_id"] = address.user
    tail = "".join(f";{key}={value}" for key, value in parameters.items())
    if find_spec("grpc") is None or find_spec("grpc_status") is None:
        raise MissingExtraError("grpcio-status", f"reading {address.shown}", "spark")
    from pyspark.sql.connect.session import SparkSession

    with failing(address.shown, *address.secrets):
        builder = SparkSession.builder.remote(f"sc://{address.host}:{address.port or 15002}/{tail}")
        for key, value in _settings(address).items():
            builder = builder.config(key, value)
        session = builder.create()
        session.version  # noqa: B018  # asks the server, which a session alone does not
    return session, _once(session.stop)


def _refuse_unreachable(address: Address, port: int) -> None:
    """Raise at once where nothing listens: Spark itself tries for a minute."""
    try:
        where = (address.host or "localhost", address.port or port)
        socket.create_connection(where, timeout=_REACHED_WITHIN).close()
    except OSError as error:
        raise InputError(
            f"{address.shown} cannot be reached ({error.strerror or error}); check host and port, "
            "and that the Spark master or Connect server runs"
        ) from None


def open_frame(session: Any, address: Address) -> Any:
    """The DataFrame of the table, query or files that a URL names.

    Raises
    ------
    InputError
        It names none of them, or Spark has no such thing.
    """
    options = address.options
    with failing(address.shown, *address.secrets):
        if "table" in options:
            return session.read.table(options["table"])
        if "query" in options:
            return session.sql(options["query"])
        if "path" in options:
            kind = options.get("format", "parquet")
            reader = session.read.format(kind)
            if kind == "csv":
                reader = reader.options(header=True, inferSchema=True)
            for key, value in options.items():
                if key.startswith(_READER_KEYS):
                    reader = reader.option(key.removeprefix("option."), value)
            return reader.load(options["path"])
    raise InputError(
        f"{address.shown} names a cluster but no rows; append ?table=name, ?query=SELECT… or "
        "?path=…&format=parquet"
    )
