"""A chart of a series as a picture, for messages."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, TypeAlias, TypeGuard, TypeVar

import numpy as np

from watchkeeper.actions.channels.chart_scale import Scale, Ticks, time_ticks, value_ticks
from watchkeeper.actions.channels.words import clean
from watchkeeper.core.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from PIL.Image import Image as Picture
    from PIL.ImageFont import FreeTypeFont, ImageFont

_T = TypeVar("_T", float, tuple[float, float])

Point: TypeAlias = tuple[datetime, float | None]
"""A time and a value; None where nothing is known, which leaves a gap."""

WIDTH, HEIGHT, SHARP = 760, 340, 2
"""The size on a page, and how many pixels each of its points has on a side."""

_FINE = 2 * SHARP  # Lines are drawn twice as large and made small, which smooths their edges.

_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 22, 52, 40
_PAPER, _INK, _PALE, _GRID = "#ffffff", "#1c1f24", "#5a606a", "#e6e8ec"
_LINE, _BAND, _LIMIT, _FIRING = "#2f5fa8", "#dbe5f4", "#b3261e", "#fbe6e3"


@dataclass(frozen=True, slots=True)
class Chart:
    """What a chart shows.

    Attributes
    ----------
    series
        Times and values, oldest first.
    title
        In a line.
    limit
        The value beyond which it alerts; None for none.
    band
        For each point the least and most that is expected, or its interval; None where unknown.
    firing
        From when to when it fired.
    zone
        Of the times below it.
    unit
        Of the values.
    """

    series: Sequence[Point]
    title: str = ""
    limit: float | None = None
    band: Sequence[tuple[float, float] | None] | None = None
    firing: tuple[datetime, datetime] | None = None
    zone: tzinfo = UTC
    unit: str = ""


def chart_png(
    series: Sequence[Point],
    limit: float | None = None,
    band: Sequence[tuple[float, float] | None] | None = None,
    title: str = "",
    *,
    firing: tuple[datetime, datetime] | None = None,
    zone: tzinfo = UTC,
) -> bytes:
    """A chart as PNG; the parameters are those of `Chart`.

    Raises
    ------
    InputError
        No point has a value, or the band has another length than the series.
    MissingExtraError
        Pillow is not installed.

    Examples
    --------
    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> chart_png([(noon, 0.91), (noon + timedelta(hours=1), 0.84)], 0.9, title="accuracy")[1:4]
    b'PNG'
    """
    return draw(Chart(series, title, limit, band, firing, zone))


def draw(chart: Chart) -> bytes:
    """A chart as PNG, 1520 pixels wide and 680 high; `chart_png` says what raises."""
    points, band = len(chart.series), chart.band
    if band is not None and len(band) != points:
        raise InputError(f"the band has {len(band)} points and the series {points}")
    return _Drawing(chart).png()


class _Drawing:
    """The picture while it is drawn; all positions are in points, not pixels."""

    def __init__(self, chart: Chart) -> None:
        try:
            from PIL import Image, ImageDraw
        except ImportError:
            raise MissingExtraError("pillow", "drawing charts", "server") from None
        self.chart = chart
        self.x, self.x_ticks = _across(chart)
        self.y, self.y_ticks = _upwards(chart)
        self.image: Picture = Image.new("RGB", (WIDTH * _FINE, HEIGHT * _FINE), _PAPER)
        self.draw = ImageDraw.Draw(self.image)
        self.texts: list[tuple[tuple[float, float], str, int, str, str]] = []

    def png(self) -> bytes:
        """The picture, the parts behind first."""
        from PIL import Image, ImageDraw

        self._firing()
        self._axes()
        self._band()
        self._limit()
        self._line()
        self._head()
        image = self.image.reduce(_FINE // SHARP)
        pen = ImageDraw.Draw(image)
        for (x, y), text, size, colour, anchor in self.texts:
            pen.text((x * SHARP, y * SHARP), text, colour, _font(size), anchor)
        out = io.BytesIO()
        # Few colours make a small file; this way to choose them is the quickest.
        image.quantize(256, Image.Quantize.FASTOCTREE).save(out, "PNG")
        return out.getvalue()

    def _firing(self) -> None:
        if self.chart.firing is None:
            return
        left, right = (_inside(self.x.at(_seconds(end)), _LEFT, WIDTH - _RIGHT)
                       for end in self.chart.firing)  # fmt: skip
        if right >= left:
            self._box(left, _TOP, max(right, left + 2), HEIGHT - _BOTTOM, _FIRING)
            self._rule((left, _TOP), (left, HEIGHT - _BOTTOM), "#e7b3ae")
            near = left > WIDTH - _RIGHT - 50
            self._text((left + (-5 if near else 5), _TOP + 3), "firing", 11, _LIMIT,
                       "ra" if near else "la")  # fmt: skip

    def _axes(self) -> None:
        bottom = HEIGHT - _BOTTOM
        for value, label in self.y_ticks:
            y = self.y.at(value)
            self._rule((_LEFT, y), (WIDTH - _RIGHT, y), _GRID)
            self._text((_LEFT - 8, y), label, 12, _PALE, "rm")
        for seconds, label in self.x_ticks:
            x, half = self.x.at(seconds), self._width(label, 12) / 2
            self._rule((x, bottom), (x, bottom + 4), _PALE)
            self._text((min(x, WIDTH - half - 4), bottom + 8), label, 12, _PALE, "ma")
        self._rule((_LEFT, bottom), (WIDTH - _RIGHT, bottom), _PALE)

    def _band(self) -> None:
        times = (time for time, _ in self.chart.series)
        for run in _runs(zip(times, self.chart.band or (), strict=False)):
            upper = [self._place(time, both[1]) for time, both in run]
            lower = [self._place(time, both[0]) for time, both in reversed(run)]
            if len(run) > 1:
                self.draw.polygon(_pixels([*upper, *lower]), fill=_BAND)

    def _limit(self) -> None:
        if self.chart.limit is None or not math.isfinite(self.chart.limit):
            return
        y = self.y.at(self.chart.limit)
        for x in range(_LEFT, WIDTH - _RIGHT, 9):
            self._rule((x, y), (min(x + 5, WIDTH - _RIGHT), y), _LIMIT, 1.4)

    def _line(self) -> None:
        runs = _runs(self.chart.series)
        width = 2.2 if len(self.chart.series) <= 150 else 1.5
        for run in runs:
            places = [self._place(time, value) for time, value in run]
            if len(places) > 1:
                self.draw.line(_pixels(places), _LINE, round(width * _FINE), joint="curve")
            if len(places) == 1 or sum(len(one) for one in runs) <= 40:
                for place in places:
                    self._dot(place, 2.6)
        if runs:
            self._dot(self._place(*runs[-1][-1]), 4)

    def _head(self) -> None:
        chart = self.chart
        last = next(value for _, value in reversed(chart.series) if _finite(value))
        unit = f" {clean(chart.unit, 12)}" if chart.unit else ""
        right = f"last {_number(last)}{unit}"
        text_width = self._width(right, 15)
        title = clean(chart.title, 90)
        while title and self._width(title, 15) > WIDTH - _LEFT - 2 * _RIGHT - text_width:
            title = f"{title[:-2].rstrip()}…" if len(title) > 2 else ""
        self._text((16, 14), title, 15, _INK, "la")
        self._text((WIDTH - _RIGHT, 14), right, 15, _LINE, "ra")
        if chart.limit is not None:
            note = f"limit {_number(chart.limit)}{unit}"
            self._text((WIDTH - _RIGHT, 34), note, 11, _LIMIT, "ra")
        zone = f"times in {clean(chart.series[-1][0].astimezone(chart.zone).tzname(), 20)}"
        notes = f"shaded: what is expected · {zone}" if chart.band else zone
        self._text((16, 34), notes, 11, _PALE, "la")

    def _place(self, time: datetime, value: float | None) -> tuple[float, float]:
        y = _inside(self.y.at(value or 0.0), _TOP, HEIGHT - _BOTTOM)
        return self.x.at(_seconds(time)), y

    def _dot(self, place: tuple[float, float], radius: float) -> None:
        (x, y), r = place, radius
        corners = _pixels([(x - r, y - r), (x + r, y + r)])
        self.draw.ellipse(corners, fill=_LINE, outline=_PAPER, width=_FINE)

    def _box(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        self.draw.rectangle(_pixels([(left, top), (right, bottom)]), fill=colour)

    def _rule(
        self, begin: tuple[float, float], end: tuple[float, float], colour: str, width: float = 1
    ) -> None:
        self.draw.line(_pixels([begin, end]), colour, round(width * _FINE))

    def _text(
        self, place: tuple[float, float], text: str, size: int, colour: str, anchor: str
    ) -> None:
        self.texts.append((place, text, size, colour, anchor))

    def _width(self, text: str, size: int) -> float:
        return float(self.draw.textlength(text, _font(size))) / SHARP


def _font(size: int) -> FreeTypeFont | ImageFont:
    """The font that comes with Pillow: the same on each machine."""
    from PIL import ImageFont

    return ImageFont.load_default(size * SHARP)


def _across(chart: Chart) -> tuple[Scale, Ticks]:
    """The scale of time, over the series and the span in which it fired."""
    times = [time for time, _ in chart.series]
    if not any(_finite(value) for _, value in chart.series):
        raise InputError("a chart needs at least one point with a value")
    first, last = min(times), max(times)
    if first == last:
        first, last = first - timedelta(minutes=30), last + timedelta(minutes=30)
    scale = Scale(_seconds(first), _seconds(last), _LEFT + 8, WIDTH - _RIGHT - 8)
    return scale, time_ticks(first, last, chart.zone)


def _upwards(chart: Chart) -> tuple[Scale, Ticks]:
    """The scale of values, over the series, the limit and the band."""
    values = [value for _, value in chart.series if _finite(value)]
    values += [end for both in chart.band or () if both for end in both if _finite(end)]
    if chart.limit is not None and math.isfinite(chart.limit):
        values.append(chart.limit)
    low, high, ticks = value_ticks([value for value in values if _finite(value)])
    return Scale(low, high, HEIGHT - _BOTTOM, _TOP + 8), ticks


def _runs(points: Iterable[tuple[datetime, _T | None]]) -> list[list[tuple[datetime, _T]]]:
    """Stretches of points that are known, parted by those that are not."""
    runs: list[list[tuple[datetime, _T]]] = [[]]
    for time, known in points:
        if known is not None and bool(np.isfinite(known).all()):
            runs[-1].append((time, known))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _finite(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def _seconds(time: datetime) -> float:
    return time.timestamp()


def _inside(value: float, low: float, high: float) -> float:
    return max(low, min(high, value))


def _number(value: float | None) -> str:
    value = value or 0.0
    if abs(value) >= 10_000 or float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _pixels(places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(x * _FINE, y * _FINE) for x, y in places]
