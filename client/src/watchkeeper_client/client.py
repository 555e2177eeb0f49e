"""The client: what a service calls when it has predicted, and when it learns what was true."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from time import time_ns
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypedDict, Unpack, cast

from watchkeeper_client import lifecycle
from watchkeeper_client.asking import Asking, Question
from watchkeeper_client.counts import Counts
from watchkeeper_client.door import Door
from watchkeeper_client.encoding import Destination
from watchkeeper_client.errors import ClientError
from watchkeeper_client.link import Link
from watchkeeper_client.packing import Batch, new_key
from watchkeeper_client.privacy import Privacy
from watchkeeper_client.records import PredictionFields
from watchkeeper_client.settings import Settings, Signal

if TYPE_CHECKING:
    from watchkeeper_client.batches import Fields

__all__ = ["ChangeFields", "Client"]

OFF: Final = "off"
"""The address of a client that sends nothing."""

_NESTED: Final = frozenset({"scores", "stages", "tags", "error"})
"""Fields that the caller may change after the call, so they are copied."""

_BULK_WAIT_S: Final = 60.0
"""How long `log_batch` waits for room: whoever hands over a table has time."""


class ChangeFields(TypedDict, total=False):
    """What `change` takes by name; without a `model` the change is one of all models."""

    kind: str
    model: str | None
    version: str | None
    time: datetime | float | str | None
    link: str | None
    author: str | None
    details: Mapping[str, object] | None


class Client:
    """Sends predictions, labels, outcomes and changes to a Watchkeeper server.

    `log`, `log_batch`, `label`, `outcome`, `change` and `send_body` never raise, and all but
    `log_batch` return at once: they lay the record down, and a thread of the client does the rest.
    What cannot be sent is counted, see `counts`, and said once a kind by the log
    `watchkeeper.client`. One client serves all threads of a process; after a fork the child goes on
    with an empty buffer and counts of its own. At the end of the process it sends what waits, for
    `Settings.exit_s` at most; a process that is killed by a signal loses what is in memory.

    Parameters
    ----------
    url
        The server's address; None: the environment's `WATCHKEEPER_URL`. `off` sends nothing.
    model
        The model of records that name none.
    version
        The version of predictions that name none.
    key
        An API key with the scope `ingest` (to ask also `read`); None: `WATCHKEEPER_KEY`.
    settings
        Sizes, times, spool, sampling and rules for private values.

    Raises
    ------
    ClientError
        There is no address, or a setting cannot be used.

    Examples
    --------
    >>> client = Client("off", model="arrivals")
    >>> id = client.log({"distance": 2475, "carrier": "UA"}, "late", score=0.81)
    >>> client.label(id, "on time")
    >>> client.counts.logged, client.counts.dropped
    (2, {'off': 2})
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        model: str | None = None,
        version: str = "",
        key: str | None = None,
        settings: Settings | None = None,
    ) -> None:
        environment = os.environ.get
        url = url or environment("WATCHKEEPER_URL")
        if not url:
            raise ClientError(
                "the client has no address; give url='http://…', set WATCHKEEPER_URL, or write "
                "'off' to send nothing"
            )
        settings = settings or Settings()
        self.settings: Final = settings._replace(
            spool=settings.spool or environment("WATCHKEEPER_SPOOL") or None,
            salt=settings.salt or environment("WATCHKEEPER_SALT") or None,
        ).checked()
        self._defaults = {"model": model, "version": version or None}
        link = self._link(url, key or environment("WATCHKEEPER_KEY") or None)
        to = Destination(link, Privacy(self.settings), model, version)
        self._door: Final = Door(self.settings, to, off=url == OFF)
        self._asking: Final = Asking(None if url == OFF else link)

    def log(
        self,
        features: Mapping[str, object] | None = None,
        prediction: object = None,
        **fields: Unpack[PredictionFields],
    ) -> str | None:
        """Log one prediction.

        Values may be scalars of NumPy, decimals, times, enumerations and the like. The mappings are
        copied, the values in them are not: do not change a list after giving it.

        Parameters
        ----------
        features
            The input by name.
        prediction
            The class or the number.
        **fields
            The other fields of a record, see `PredictionFields`. One that is not known is left out,
            with a warning.

        Returns
        -------
        str or None
            The prediction's id, to be given to `label`; also where the record was sampled out or
            dropped for want of room. None where the arguments could not be used.
        """
        now_ns = time_ns()
        record = cast("dict[str, Any]", fields)
        door = self._door
        try:
            identity = record.get("id")
            if identity is None:
                identity = record["id"] = door.make_id(now_ns)
            elif type(identity) is not str:
                identity = record["id"] = str(identity)
            if not _NESTED.isdisjoint(record):
                _copy_nested(record)
            if door.sampled and not door.keeps(record):
                return identity
            record["features"] = None if features is None else dict(features)
            record["prediction"] = prediction
            door.add(("predictions", now_ns, record))
        except Exception as error:  # noqa: BLE001  # whatever was given, the caller goes on
            door.misused(f"{type(error).__name__} in log")
            return None
        return identity

    def label(
        self,
        id: str,  # noqa: A002  # the name that it has on the wire
        label: object,
        *,
        time: datetime | float | str | None = None,
        model: str | None = None,
        source: str | None = None,
    ) -> None:
        """Say what turned out to be true for a prediction.

        It may come before the prediction, twice, or corrected: the last one counts.

        Parameters
        ----------
        id
            The prediction's id.
        label
            The class or the number.
        time
            When it became known, in UTC or as seconds since 1970; None: now.
        model
            The model; None: the client's.
        source
            Who says so, such as `chargebacks`.
        """
        self._record(
            "labels", {"id": id, "label": label, "time": time, "model": model, "source": source}
        )

    def outcome(
        self,
        id: str,  # noqa: A002  # the name that it has on the wire
        name: str,
        value: float,
        *,
        unit: str | None = None,
        time: datetime | float | str | None = None,
        model: str | None = None,
    ) -> None:
        """Say what a prediction was worth: a business value tied to it.

        Parameters
        ----------
        id
            The prediction's id.
        name
            What was measured, such as `revenue`.
        value
            How much.
        unit
            Of what, such as `EUR`.
        time
            When, in UTC or as seconds since 1970; None: now.
        model
            The model; None: the client's.
        """
        fields = {"id": id, "name": name, "value": value, "unit": unit}
        self._record("outcomes", {**fields, "time": time, "model": model})

    def change(self, title: str, **fields: Unpack[ChangeFields]) -> None:
        """Say that something changed: a deployment, a feature pipeline, a price list.

        Parameters
        ----------
        title
            What changed, in a few words.
        **fields
            `kind` (else `deployment`), `model` (else all models), `version`, `time` (else now),
            `link`, `author`, and `details` as a mapping.
        """
        record = cast("dict[str, Any]", fields)
        record.setdefault("kind", "deployment")
        self._record("changes", {**record, "title": title})

    def log_batch(
        self,
        data: object,
        *,
        names: Sequence[str] | None = None,
        features: Sequence[str] | None = None,
        model: str | None = None,
        **fields: Unpack[Fields],
    ) -> int:
        """Log one prediction for each row of a data frame, Arrow table, array or list of mappings.

        It encodes in the caller's thread and waits up to a minute for room in the buffer. Arrow
        goes as Arrow, unless there are rules for private values, or sampling: then row by row.

        Parameters
        ----------
        data
            As `watchkeeper_client.tables.log_batch` takes it.
        names
            The names of a NumPy array's columns.
        features
            The columns that are features; None: all that are no field.
        model
            The model of all rows; None: the client's.
        **fields
            Fields of the records: the name of a column, or the values themselves. Give `id` where
            labels are to come.

        Returns
        -------
        int
            How many records were handed over; 0 where the data could not be read, with a warning.
        """
        from watchkeeper_client import bulk, tables

        given: dict[str, Any] = {"model": model, "names": names, "features": features}

        def send() -> int:
            if self._door.strict:
                return bulk.log_rows(self._log_record, data, **given, fields=fields)
            return tables.log_batch(_Patient(self), data, **given, **fields)

        return self._bulk("log_batch", data, send)

    def label_batch(self, ids: Any, labels: Any, **more: Any) -> int:
        """Say what turned out to be true, for many predictions; it waits for room in the buffer.

        Takes what `watchkeeper_client.tables.label_batch` takes: `time`, `source`, `model`.

        Returns
        -------
        int
            How many labels were handed over; 0 where they could not be read, with a warning.
        """
        from watchkeeper_client import tables

        return self._bulk(
            "label_batch", ids, lambda: tables.label_batch(_Patient(self), ids, labels, **more)
        )

    def outcome_batch(self, ids: Any, values: Any, *, name: str, **more: Any) -> int:
        """Say what many predictions were worth; it waits for room in the buffer.

        Takes what `watchkeeper_client.tables.outcome_batch` takes: `unit`, `time`, `model`.

        Returns
        -------
        int
            How many outcomes were handed over; 0 where they could not be read, with a warning.
        """
        from watchkeeper_client import tables

        return self._bulk(
            "outcome_batch",
            ids,
            lambda: tables.outcome_batch(_Patient(self), ids, values, name=name, **more),
        )

    def _bulk(self, call: str, given: object, send: Callable[[], int]) -> int:
        """Send many records; whatever is wrong with them, the caller goes on."""
        try:
            return send()
        except Exception as error:  # noqa: BLE001  # whatever was given, the caller goes on
            rows = len(given) if hasattr(given, "__len__") else 1
            self._door.misused(f"{type(error).__name__} in {call}: {error}", rows)
            return 0

    def send_body(self, signal: str, content_type: str, body: bytes, records: int) -> None:
        """Send a ready body through the same buffer, retries and spool.

        Parameters
        ----------
        signal
            `predictions`, `labels`, `outcomes` or `changes`.
        content_type
            Its media type, one that the server takes.
        body
            The bytes, not compressed. Where there are rules for private values, or sampling, it is
            read and sent record by record; an Arrow body of predictions is then dropped.
        records
            How many records are in it.
        """
        self._send(cast("Signal", signal), content_type, body, records, self.settings.wait_s)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: bytes | None = None,
        content_type: str | None = None,
        timeout_s: float = 30.0,
    ) -> bytes:
        """Ask the server and wait for its answer.

        Parameters
        ----------
        method
            `GET`, `POST`, `PUT` or `DELETE`.
        path
            From the server's address on, such as `/v1/models`.
        query
            Parameters by name; a list gives several of one name, None is left out.
        body, content_type
            What to send, and its media type.
        timeout_s
            Seconds until it has to have answered.

        Returns
        -------
        bytes
            The body of the answer.

        Raises
        ------
        ClientError
            There was no answer, or one that says no; with its `status` and `code`.
        """
        return self._asking.answer(Question(method, path, query, body, content_type), timeout_s)

    def stream(
        self, method: str, path: str, *, query: Mapping[str, object] | None, timeout_s: float
    ) -> Iterator[bytes]:
        """As `request`, with the answer piece by piece, so that a file need not fit memory."""
        return self._asking.pieces(Question(method, path, query), timeout_s)

    @property
    def counts(self) -> Counts:
        """What became of all records of this process, at this moment."""
        return self._door.counts()

    def flush(self, timeout_s: float = 10.0) -> Counts:
        """Wait until all that was logged before has been sent, refused, dropped or spooled.

        Parameters
        ----------
        timeout_s
            How long at most, in seconds.

        Returns
        -------
        Counts
            As they are then; `buffered` says what is still on its way.
        """
        self._door.flush(timeout_s)
        return self.counts

    def close(self, timeout_s: float | None = None) -> Counts:
        """Send what waits, spool or drop the rest, and end. Records that come later are dropped.

        Parameters
        ----------
        timeout_s
            How long at most, in seconds; None: `Settings.exit_s`.
        """
        self._door.close(self.settings.exit_s if timeout_s is None else timeout_s)
        return self.counts

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _link(self, url: str, key: str | None) -> Link:
        settings = self.settings
        address = "http://off.invalid" if url == OFF else url
        link = Link(address, key, timeout_s=settings.timeout_s, ca_file=settings.ca_file)
        if url != OFF:
            lifecycle.import_all()
        return link

    def _record(self, signal: Signal, record: dict[str, Any]) -> None:
        """Lay down a record that is no prediction."""
        try:
            details = record.get("details")
            if isinstance(details, Mapping):
                record["details"] = dict(details)
            self._door.add((signal, time_ns(), record))
        except Exception as error:  # noqa: BLE001  # whatever was given, the caller goes on
            self._door.misused(f"{type(error).__name__} in {signal}")

    def _log_record(self, record: dict[str, Any]) -> None:
        """Log a prediction by its fields on the wire."""
        self.log(record.pop("features", None), record.pop("prediction", None), **record)

    def _send(
        self, signal: Signal, content_type: str, body: bytes, records: int, wait_s: float
    ) -> None:
        """Send a ready body, or record by record where there are rules."""
        try:
            if self._door.strict:
                self._send_records(signal, content_type, body)
                return
            given = (
                self._defaults if signal == "predictions" else {"model": self._defaults["model"]}
            )
            from urllib.parse import urlencode

            query = urlencode({name: value for name, value in given.items() if value})
            self._door.add_body(
                Batch(new_key(), signal, query, content_type, "", records, bytes(body)), wait_s
            )
        except Exception as error:  # noqa: BLE001  # whatever was given, the caller goes on
            self._door.misused(f"{type(error).__name__} in send_body: {error}", records)

    def _send_records(self, signal: Signal, content_type: str, body: bytes) -> None:
        from watchkeeper_client.bulk import read_body

        # All are read first: a body that breaks in the middle is dropped as a whole.
        for record in list(read_body(signal, content_type, body)):
            if signal == "predictions":
                self._log_record(record)
            else:
                self._record(signal, record)


class _Patient:
    """The client as `tables` sees it from `log_batch`: it waits for room."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def send_body(self, signal: str, content_type: str, body: bytes, records: int) -> None:
        """Send a ready body; wait for room."""
        self._client._send(  # noqa: SLF001  # one class in two
            cast("Signal", signal), content_type, body, records, _BULK_WAIT_S
        )


def _copy_nested(record: dict[str, Any]) -> None:
    for name in _NESTED & record.keys():
        if isinstance(record[name], Mapping):
            record[name] = dict(record[name])
