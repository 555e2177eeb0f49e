"""Ibis expressions as the SQL of ClickHouse, where Ibis's own means something else."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import sqlglot as sg
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.clickhouse import ClickhouseAggGen, ClickHouseCompiler
from ibis.backends.sql.datatypes import ClickHouseType
from ibis.common.exceptions import IbisError

from watchkeeper.profiles.base import Floats

if TYPE_CHECKING:
    import ibis.expr.types as ir

_EMPTY_IS_NULL = {"min", "max", "sum"}
"""Aggregates that are 0 over no rows in ClickHouse, and NULL everywhere else."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Aggregates(ClickhouseAggGen):  # type: ignore[misc]  # Ibis has no types
    def aggregate(
        self, compiler: Any, name: str, *args: Any, where: Any = None, order_by: Any = ()
    ) -> Any:
        kept = f"{name}OrNull" if name in _EMPTY_IS_NULL else name
        return super().aggregate(compiler, kept, *args, where=where, order_by=order_by)


class _Types(ClickHouseType):  # type: ignore[misc]  # Ibis has no types
    """Ibis's types, but for times: `DateTime` begins in 1970, and its zone is the server's."""

    @classmethod
    def _from_ibis_Timestamp(cls, dtype: dt.Timestamp) -> sge.DataType:  # noqa: N802  # Ibis's name
        scale = 6 if dtype.scale is None else dtype.scale
        zoned = dtype.copy(scale=scale, timezone=dtype.timezone or "UTC")
        found: sge.DataType = super()._from_ibis_Timestamp(zoned)
        return found

    @classmethod
    def _from_ibis_Date(cls, dtype: dt.Date) -> sge.DataType:  # noqa: ARG003, N802  # Ibis's name
        return sge.DataType(this=sge.DataType.Type.DATE32)


class Compiler(ClickHouseCompiler):  # type: ignore[misc]  # Ibis has no types
    """Ibis's compiler, but for what would count otherwise than the kernel does."""

    __slots__ = ("seed",)
    agg = _Aggregates()
    type_mapper = _Types
    SIMPLE_OPS: ClassVar[dict[Any, str]] = {
        ops.StringLength: "lengthUTF8",
        ops.Lowercase: "lowerUTF8",
        ops.Uppercase: "upperUTF8",
    }

    def __init__(self) -> None:
        super().__init__()
        self.seed = 0

    def visit_RandomScalar(self, op: Any, **_: Any) -> Any:  # noqa: ARG002, N802  # Ibis's name
        """A number from 0 to 1 that the row's place and the seed give: `rand` takes no seed."""
        drawn = self.f.sipHash64(self.f.rowNumberInAllBlocks(), self.seed)
        return drawn / sge.convert(float(1 << 64))

    def visit_Cast(self, op: Any, *, arg: Any, to: Any) -> Any:  # noqa: N802  # Ibis's name
        """A cast that leaves a column without nulls as it is; a mask of nulls costs time."""
        if op.arg.dtype.nullable is False and not to.is_nested():
            to = to.copy(nullable=False)
            if op.arg.dtype == to and not isinstance(op.arg, ops.Literal):
                return arg
        return super().visit_Cast(op, arg=arg, to=to)

    def visit_ExtractEpochSeconds(self, op: Any, *, arg: Any) -> Any:  # noqa: ARG002, N802
        """Seconds since 1970, before it too."""
        return self._ticks(arg) / sge.convert(1e6)

    def visit_ExtractMicrosecond(self, op: Any, *, arg: Any) -> Any:  # noqa: N802  # Ibis's name
        """Microseconds of the second, before 1970 too."""
        return self.cast(self.f.positiveModulo(self._ticks(arg), 1_000_000), op.dtype)

    def _ticks(self, arg: Any) -> Any:
        return self.f.toUnixTimestamp64Micro(self.cast(arg, dt.Timestamp(scale=6)))

    def visit_NonNullLiteral(self, op: Any, *, value: Any, dtype: Any) -> Any:  # noqa: N802
        """A constant of its own type: Ibis writes times before 1970 and cents as others."""
        if dtype.is_decimal():
            width = next(bits for bits in (32, 64, 128, 256) if _fits(dtype.precision, bits))
            return self.f[f"toDecimal{width}"](str(value), dtype.scale)
        if dtype.is_timestamp():
            return self._time(value, dtype)
        if dtype.is_date():
            return self.f.toDate32(value.isoformat())
        if dtype.is_time():
            return self.f.toTime64(value.isoformat(), 6)
        return super().visit_NonNullLiteral(op, value=value, dtype=dtype)

    def _time(self, value: datetime, dtype: dt.Timestamp) -> Any:
        """A time by its microseconds since 1970, which no zone of the server changes."""
        zoned = value if value.tzinfo else value.replace(tzinfo=UTC)
        micros = (zoned - _EPOCH) // timedelta(microseconds=1)
        return self.f.fromUnixTimestamp64Micro(self.f.toInt64(micros), dtype.timezone or "UTC")

    def sql(self, expr: Any) -> str:
        """The statement of an expression."""
        query = self.to_sqlglot(expr)
        text: str = query.sql(
            dialect=self.dialect, copy=False, unsupported_level=sg.ErrorLevel.RAISE
        )
        return text


def _fits(precision: int | None, bits: int) -> bool:
    digits = {32: 9, 64: 18, 128: 38, 256: 76}
    return (precision or 76) <= digits[bits]


_OTHERS: Mapping[str, dt.DataType] = {
    r"U?Int(128|256)$|BFloat16$": dt.Decimal(nullable=False),
    "Enum(8|16)": dt.String(nullable=False),
    "Time64": dt.Time(nullable=False),
    "AggregateFunction": dt.Binary(nullable=False),
}
"""The Ibis types of what Ibis does not know, or would take for something else."""


def type_of(text: str) -> dt.DataType:
    """The Ibis type of a column as DESCRIBE gives it.

    Integers of more than 64 bits and short floats are decimals without a scale, which a profile
    counts as float64; what has no counterpart is JSON, which it counts as text.

    Examples
    --------
    >>> type_of("LowCardinality(Nullable(String))").nullable
    True
    >>> type_of("SimpleAggregateFunction(max, Int8)")
    Int8(nullable=False)
    """
    text = " ".join(text.split())
    for wrapper, nullable in (("LowCardinality", False), ("Nullable", True)):
        if inner := re.fullmatch(rf"{wrapper}\((.*)\)", text):
            found = type_of(inner[1])
            return found.copy(nullable=nullable or found.nullable)
    if inner := re.fullmatch(r"SimpleAggregateFunction\(\w+, (.*)\)", text):
        return type_of(inner[1])
    for pattern, found in _OTHERS.items():
        if re.match(pattern, text):
            return found
    try:
        known = ClickHouseType.from_string(text)
    except (sg.ParseError, sg.TokenError, IbisError):
        known = dt.unknown
    return dt.JSON() if known.is_unknown() or known.is_json() else known


@ibis.udf.scalar.builtin(name="toInt64")  # type: ignore[untyped-decorator]
def _whole(value: dt.timestamp) -> dt.int64:
    """The seconds since 1970 of a DateTime."""


@ibis.udf.scalar.builtin(name="toInt32")  # type: ignore[untyped-decorator]
def _days(value: dt.date) -> dt.int32:
    """The days since 1970."""


@ibis.udf.scalar.builtin(name="toUnixTimestamp64Milli")  # type: ignore[untyped-decorator]
def _millis(value: dt.timestamp) -> dt.int64:
    """Milliseconds since 1970."""


@ibis.udf.scalar.builtin(name="toUnixTimestamp64Micro")  # type: ignore[untyped-decorator]
def _micros(value: dt.timestamp) -> dt.int64:
    """Microseconds since 1970."""


@ibis.udf.scalar.builtin(name="toUnixTimestamp64Nano")  # type: ignore[untyped-decorator]
def _nanos(value: dt.timestamp) -> dt.int64:
    """Nanoseconds since 1970."""


@ibis.udf.scalar.builtin(name="toFloat64")  # type: ignore[untyped-decorator]
def _clock(value: dt.time) -> dt.float64:
    """The seconds of a time of day."""


@ibis.udf.scalar.builtin(name="MD5")  # type: ignore[untyped-decorator]
def _md5(text: dt.string) -> dt.binary:
    """The MD5 of a text's bytes."""


@ibis.udf.scalar.builtin(name="hex")  # type: ignore[untyped-decorator]
def _hex(value: dt.binary) -> dt.string:
    """Bytes in upper-case hexadecimal."""


@ibis.udf.scalar.builtin(name="toString")  # type: ignore[untyped-decorator]
def _text(value: dt.string) -> dt.string:
    """Text as it is, an enumeration by its name."""


@ibis.udf.scalar.builtin(name="toStringCutToZero")  # type: ignore[untyped-decorator]
def _cut(value: dt.string) -> dt.string:
    """Text of a fixed length without the zeros that fill it."""


@ibis.udf.scalar.builtin(name="toValidUTF8")  # type: ignore[untyped-decorator]
def _valid(value: dt.string) -> dt.string:
    """Text with U+FFFD in place of bytes that are no UTF-8."""


@ibis.udf.scalar.builtin(name="JSONExtractFloat")  # type: ignore[untyped-decorator]
def _read_float(text: dt.string) -> dt.float64:
    """A number that is spelt, rounded right; a cast may be a digit off before version 25."""


@ibis.udf.scalar.builtin(name="roundDown")  # type: ignore[untyped-decorator]
def _round_down(value: dt.float64, edges: dt.Array(dt.float64)) -> dt.float64:  # type: ignore[valid-type]
    """The largest edge at or below the value, by bisection; the first where there is none."""


@ibis.udf.scalar.builtin(name="transform")  # type: ignore[untyped-decorator]
def _place(
    value: dt.float64,
    edges: dt.Array(dt.float64),  # type: ignore[valid-type]
    places: dt.Array(dt.int32),  # type: ignore[valid-type]
    other: dt.int32,
) -> dt.int32:
    """The place of a value among the edges."""


@ibis.udf.scalar.builtin(name="arrayConcat")  # type: ignore[untyped-decorator]
def _joined(
    first: dt.Array(dt.float64),  # type: ignore[valid-type]
    second: dt.Array(dt.float64),  # type: ignore[valid-type]
) -> dt.Array(dt.float64):  # type: ignore[valid-type]
    """Two arrays as one."""


@ibis.udf.scalar.builtin(name="range")  # type: ignore[untyped-decorator]
def _counting(stop: dt.int32) -> dt.Array(dt.int32):  # type: ignore[valid-type]
    """Whole numbers from 0."""


@ibis.udf.scalar.builtin(name="JSONExtract")  # type: ignore[untyped-decorator]
def _read_floats(text: dt.string, wanted: dt.string) -> dt.Array(dt.float64):  # type: ignore[valid-type]
    """Numbers that are spelt, rounded right."""


def seconds_of(value: ir.Value) -> ir.FloatingValue:
    """A date, time or timestamp as seconds, divided as the kernel divides it."""
    dtype = value.type()
    if dtype.is_time():
        return _clock(value)
    if dtype.is_date():
        return _days(value).cast("float64") * 86400.0
    scale = 6 if dtype.scale is None else dtype.scale
    if scale == 0:
        return _whole(value).cast("float64")
    ticks = _millis if scale <= 3 else _micros if scale <= 6 else _nanos
    return ticks(value).cast("float64") / (1e3 if scale <= 3 else 1e6 if scale <= 6 else 1e9)


def text_of(value: ir.StringValue) -> ir.StringValue:
    """Text as text: enumerations by their names, fixed lengths without the zeros that fill them."""
    return _valid(_cut(value) if value.type().length is not None else _text(value))


def float_of(value: ir.DecimalValue) -> ir.FloatingValue:
    """A decimal as the nearest float64."""
    # ClickHouse divides by a power of ten, which is exact while both are below 2**53.
    if (value.type().precision or 76) <= 15:
        return value.cast("float64")
    return _read_float(value.cast("string") + "e0")


def digest_of(text: ir.StringValue) -> ir.StringValue:
    """The MD5 of a text in lower-case hexadecimal."""
    return _hex(_md5(text)).lower()


def place_of(value: ir.FloatingValue, edges: Floats) -> ir.IntegerValue:
    """The number of edges at or below each value, by bisection and then by their hashes."""
    spelt = _read_floats(f"[{_spelt(edges)}]", "Array(Float64)")
    bounds = _joined(ibis.literal([-math.inf], "array<float64>"), spelt)
    return _place(_round_down(value, bounds), bounds, _counting(len(edges) + 1), 0)


def histogram_sql(source: str, key: str, edges: Mapping[str, Floats]) -> str:
    """The statement that counts the finite values of each column in each bin, for each key.

    `countResample` keeps an array of counts, so a value costs a search and an addition: 55 ns on
    one core in 600 bins, of which the search is 42. All columns share one scan.

    Parameters
    ----------
    source
        A statement whose rows are counted.
    key
        The column that groups the rows.
    edges
        Of each column.
    """
    bounds, counts = [], []
    for index, (name, held) in enumerate(edges.items()):
        bins, column, edge = len(held) + 1, f'"{name}"', f"e{index}"
        bounds.append(f"[{', '.join(filter(None, ('-inf', _spelt(held))))}] AS {edge}")
        down = f"roundDown(assumeNotNull({column}), {edge})"
        place = f"transform({down}, {edge}, range({bins}), 0)"
        finite = f"ifNull(abs({column}) < inf, 0)"
        counts.append(f"countResampleIf(0, {bins}, 1)({place}, {finite}) AS {column}")
    chosen = ", ".join([f'"{key}"', *counts])
    return f'WITH {", ".join(bounds)} SELECT {chosen} FROM ({source}) GROUP BY "{key}"'  # noqa: S608  # names of ours


def quoted(name: str) -> str:
    """A name as ClickHouse reads it.

    >>> quoted('a"b')
    '"a""b"'
    """
    return sg.to_identifier(name, quoted=True).sql(dialect=Compiler.dialect)


def _spelt(edges: Floats) -> str:
    return ", ".join(map(repr, edges.tolist()))
