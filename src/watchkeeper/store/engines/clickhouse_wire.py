"""How a statement reaches ClickHouse, a server over HTTP or the engine in this process."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import pyarrow as pa

from watchkeeper.core.errors import InputError, MissingExtraError
from watchkeeper.store.engines.urls import Address

_SAID = re.compile(
    r"Code: (\d+)\. (?:DB::Exception: )?(.*?)(?: \(version [^()]*(?:\(.*?\))?\).*)?$"
)
_LONG = re.compile(r"[.:]? (In scope|Expected one of:?|Maybe you meant:?) .*(?= \([A-Z_]+\)$)")
"""What repeats the whole statement, or lists what else could have stood there."""

_KILL = "KILL QUERY WHERE {} ASYNC"
_END = b"\xff\xff\xff\xff\x00\x00\x00\x00"
"""What an Arrow stream ends with; Arrow itself takes a stream that breaks off for a whole one."""

_LAST = 1 << 14
"""Bytes at the end of an answer in which a server writes why it stopped."""

_CUT_OFF = {
    f"{what}_overflow_mode": "throw"
    for what in ("timeout", "read", "result", "group_by", "sort", "distinct")
}
"""Settings by which a server answers with a part of the rows, and says nothing."""


class FailedError(Exception):
    """What ClickHouse said of a statement that it could not run.

    Attributes
    ----------
    code
        Its number, 0 where the connection failed.
    """

    def __init__(self, error: Exception) -> None:
        said = _SAID.search(" ".join(str(error).split()))
        self.code = int(said[1]) if said else 0
        super().__init__(_LONG.sub("", said[2]) if said else _of_connection(error))


class Wire(Protocol):
    """What both ways do. Each statement has a name, by which another thread can end it."""

    def table(self, sql: str, name: str) -> pa.Table:
        """The whole result."""
        ...

    def batches(self, sql: str, name: str) -> Generator[pa.RecordBatch]:
        """The result piece by piece."""
        ...

    def end(self, name: str) -> None:
        """End a statement that runs."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


@dataclass(frozen=True)
class HttpWire:
    """A server, over a client of clickhouse-connect."""

    client: Any

    def table(self, sql: str, name: str) -> pa.Table:
        """The whole result, which the server makes before it answers."""
        with _failures():
            data = self.client.raw_query(sql, fmt="ArrowStream", settings={"query_id": name})
            if not data.endswith(_END):
                raise FailedError(EOFError("the answer broke off"))
            return pa.ipc.open_stream(pa.py_buffer(data)).read_all()

    def batches(self, sql: str, name: str) -> Generator[pa.RecordBatch]:
        """The result piece by piece."""
        settings = {"query_id": name}
        with (
            _failures(),
            closing(self.client.raw_stream(sql, fmt="ArrowStream", settings=settings)) as answer,
        ):
            watched = _Answer(answer)
            try:
                yield from pa.ipc.open_stream(pa.PythonFile(watched, "r"))
            except pa.ArrowException as error:
                raise watched.failure(error) from None
            watched.check()

    def end(self, name: str) -> None:
        """End a statement, in a session of its own."""
        statement = _KILL.format(f"query_id = '{name}'")
        # Where the server cannot be reached the statement fails by itself.
        with suppress(FailedError), _failures():
            self.client.command(statement, settings={"session_id": str(uuid4())})

    def close(self) -> None:
        """Close the connection."""
        self.client.close()


class _Answer:
    """An answer that is read as it comes, and must come to its end."""

    closed = False

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self._last = b""

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data: bytes = self._answer.read(size if size >= 0 else None)
        self._last = (self._last + data)[-_LAST:]
        return data

    def check(self) -> None:
        """Raise `FailedError` unless the stream has come to its end."""
        self.read()
        if not self._last.endswith(_END):
            raise self.failure(EOFError("the answer broke off"))

    def failure(self, error: Exception) -> FailedError:
        """What the server wrote into the stream where it failed in the middle."""
        self.read()
        said = re.findall(rb"Code: \d+\. DB::Exception: [^\r\n]*", self._last)
        return FailedError(RuntimeError(said[-1].decode(errors="replace")) if said else error)


@contextmanager
def _failures() -> Iterator[None]:
    """Turn what the client and its connection raise into a `FailedError`."""
    from clickhouse_connect.driver.exceptions import ClickHouseError  # an optional package
    from urllib3.exceptions import HTTPError  # comes with it

    try:
        yield
    except (ClickHouseError, HTTPError, OSError) as error:
        raise FailedError(error) from None


def _of_connection(error: Exception) -> str:
    """The last cause in an error of a connection, which names neither objects nor headers."""
    text = " ".join(str(error).split())
    cause = re.search(r"\[(?:Errno -?\d+|SSL: \w+)\] ([^')\"(]+)", text)
    if cause:
        return cause[1].strip()
    return re.sub(r"<[^<>]*>|\(for url [^)]*\)", "", text).strip() or type(error).__name__


class ChdbWire:
    """The engine in this process, with the data in a folder.

    Each statement has a connection of its own: a second one on it while the first gives out its
    rows would come back empty.

    Parameters
    ----------
    folder
        Where the data lie.
    settings
        What to set for each statement.
    """

    def __init__(self, folder: str, settings: Mapping[str, str]) -> None:
        self._folder = folder
        self._settings = dict(settings)
        self._first = self._open()  # keeps the engine up

    def table(self, sql: str, name: str) -> pa.Table:
        """The whole result."""
        with self._connected() as connection:
            return _read(connection.query(f"/* {name} */ {sql}", "ArrowStream"))

    def batches(self, sql: str, name: str) -> Generator[pa.RecordBatch]:
        """The result piece by piece."""
        with (
            self._connected() as connection,
            closing(connection.send_query(f"/* {name} */ {sql}", "ArrowStream")) as pieces,
        ):
            for piece in pieces:
                yield from _read(piece).to_batches()

    def end(self, name: str) -> None:
        """End a statement, which this process knows by the comment it begins with."""
        with suppress(RuntimeError), closing(self._open()) as connection:
            connection.query(_KILL.format(f"startsWith(query, '/* {name} */')"))

    def close(self) -> None:
        """Close the connection; the last one ends the engine."""
        self._first.close()

    def _open(self) -> Any:
        import chdb  # an optional package

        return chdb.connect(self._folder)

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        try:
            with closing(self._open()) as connection:
                for name, value in (self._settings | {"readonly": "1"}).items():
                    connection.query(f"SET {name} = {_quoted(value)}")
                yield connection
        except RuntimeError as error:
            raise FailedError(error) from None


def _read(result: Any) -> pa.Table:
    return pa.ipc.open_stream(pa.py_buffer(bytes(result.bytes()))).read_all()


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


_SETTING = re.compile(r"[a-z_0-9]+")

_OF_CLIENT = {
    "ca_cert", "client_cert", "client_cert_key", "compress", "connect_timeout", "proxy_path",
    "server_host_name", "verify",
}  # fmt: skip
"""Options of a URL that are the client's own; the others are settings of ClickHouse."""


def settings_of(address: Address) -> dict[str, str]:
    """The settings of ClickHouse that a URL gives.

    Raises
    ------
    InputError
        An option cannot be a setting.
    """
    found = {k: v for k, v in address.options.items() if k not in {"table", "query", *_OF_CLIENT}}
    for name in found:
        if not _SETTING.fullmatch(name):
            raise InputError(
                f"the URL {address.shown} has an option {name!r}; known are table, query, timeout, "
                f"password_file, {', '.join(sorted(_OF_CLIENT))} and ClickHouse's own settings"
            )
    return found


def _wanted(address: Address) -> dict[str, str]:
    """What to set where the user may: UTC, numbers that are spelt read right, a time limit."""
    wanted = {"session_timezone": "UTC", "precise_float_parsing": "1"}
    if address.timeout is not None:
        wanted["max_execution_time"] = str(math.ceil(address.timeout))
    return wanted


def _set(client: Any, wanted: Mapping[str, str]) -> list[str]:
    """Change settings of a client that are otherwise; those that the user may not change."""
    refused = []
    for name, value in wanted.items():
        held = client.server_settings.get(name)
        if held is not None and held.value != value:
            if held.readonly == 1:
                refused.append(name)
            else:
                client.set_client_setting(name, value)
    return refused


def connect_server(address: Address, user: str, password: str) -> HttpWire:
    """Connect to a server over HTTP.

    Raises
    ------
    InputError
        It gives out parts of answers.
    FailedError
        It cannot be reached, or refuses the user.
    MissingExtraError
        The driver is not installed.
    """
    try:
        import clickhouse_connect  # an optional package

        # Without a handler Python would print what the error says anyhow.
        logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())
    except ImportError:
        raise MissingExtraError(
            "clickhouse-connect", f"reading {address.shown}", "clickhouse"
        ) from None
    secure = address.scheme == "clickhouses"
    others: dict[str, Any] = {k: v for k, v in address.options.items() if k in _OF_CLIENT}
    with _failures():
        client = clickhouse_connect.get_client(
            host=address.host,
            port=address.port or (8443 if secure else 8123),
            username=user,
            password=password,
            database=address.path.strip("/") or None,
            secure=secure,
            settings=settings_of(address),
            autogenerate_session_id=False,
            **others,
        )
    _set(client, _wanted(address))
    if refused := _set(client, _CUT_OFF):
        raise InputError(
            f"{address.shown} may answer with a part of the rows ({refused[0]} is not 'throw'), "
            "and the user may not change that; ask for another settings profile"
        )
    return HttpWire(client)


def open_folder(address: Address) -> ChdbWire:
    """Open the data in a folder by the engine in this process.

    Raises
    ------
    InputError
        There is no such folder, or it holds no data of ClickHouse.
    FailedError
        The engine cannot open it.
    MissingExtraError
        The engine is not installed.
    """
    folder = Path(address.path)
    if not (folder / "metadata").is_dir():
        what = "holds no data of ClickHouse" if folder.exists() else "does not exist"
        raise InputError(
            f"{folder} {what}; write clickhouse:///folder?table=name for a folder that chdb made, "
            "or clickhouse://host/database?table=name for a server"
        )
    try:
        return ChdbWire(str(folder), _wanted(address) | settings_of(address))
    except ImportError:
        raise MissingExtraError("chdb-core", f"reading {address.shown}", "chdb") from None
    except RuntimeError as error:
        raise FailedError(error) from None
