import { number } from "../lib/format";
import type { Palette } from "../state/theme";
import { frame, tip } from "./base";
import { LONG_LINE } from "./canvas";
import { type Lines, MOST_COLOURS, MOST_TOLD, scaleOf } from "./lines";
import { RESTS } from "./moving";
import type { Pyramid, Stretch } from "./pyramid";
import { eventSeries, timeAxis } from "./timeline";

export interface LongLineOf {
  name: string;
  pyramid: Pyramid;
}

/** Long lines on one scale; their values stand at even distances in time. */
export interface ManyLines extends Omit<Lines, "lines"> {
  lines: LongLineOf[];
  /** When the first value is, and how long it is to the next, in milliseconds. */
  start: number;
  step: number;
  count: number;
}

interface Place {
  dataIndex: number;
  coordSys: { x: number; y: number; width: number; height: number };
}

interface Api {
  coord: (point: [number, number]) => [number, number];
}

/** Many points: each line is one shape, so that moving costs what is seen and not what there is. */
export function manyLinesOption(chart: ManyLines) {
  const format = chart.format ?? ((value: number) => number(value));
  const isFew = chart.lines.length <= MOST_COLOURS;
  const [low, high] = extentOf(chart.lines);
  const steps = Array.from({ length: chart.count }, (_, place) => [
    chart.start + place * chart.step,
    Number.isFinite(low) ? low : 0,
  ]);
  const detail = detailOf();
  return (palette: Palette) => ({
    ...frame(palette, { top: 12, bottom: 20, right: 16 }),
    useUTC: !chart.isLocal,
    tooltip: {
      ...frame(palette).tooltip,
      // On a layer of its own: pointing draws no line anew.
      axisPointer: { ...frame(palette).tooltip.axisPointer, zlevel: 1 },
      formatter: (params: { dataIndex?: number }[]) =>
        manyTip(chart, params[0]?.dataIndex ?? 0, format),
    },
    xAxis: timeAxis(palette, chart.extent),
    yAxis: scaleOf(chart, [low, high], palette, format),
    series: [
      // Nothing is seen of it: it is what the pointer, and the charts linked to this one, stand on.
      {
        type: "line",
        name: chart.title,
        silent: true,
        symbol: "none",
        lineStyle: { opacity: 0 },
        emphasis: { disabled: true },
        data: steps,
      },
      {
        type: "custom",
        silent: true,
        clip: true,
        tooltip: { show: false },
        encode: { x: 0, y: 1 },
        data: chart.lines.map(() => [chart.start, Number.isFinite(low) ? low : 0]),
        renderItem: (place: Place, api: Api) => ({
          type: LONG_LINE,
          shape: {
            pyramid: chart.lines[place.dataIndex]?.pyramid,
            stretch: stretchOf(chart, place.coordSys, api, detail(place.dataIndex)),
          },
          style: {
            fill: "none",
            stroke: isFew ? palette.hues[place.dataIndex] : palette.accent,
            lineWidth: isFew ? 1.6 : 1,
            opacity: isFew ? 1 : 0.7,
            lineJoin: "bevel",
          },
        }),
      },
      ...eventSeries(chart.events ?? [], palette),
    ],
  });
}

/** While it moves it is drawn more coarsely; `useZoom` has it drawn once more when it rests. */
function detailOf(): (place: number) => number {
  let before = Number.NEGATIVE_INFINITY;
  let detail = 1;
  return (place) => {
    if (place > 0) return detail;
    const now = performance.now();
    detail = now - before < RESTS ? 0.25 : 1;
    before = now;
    return detail;
  };
}

/** What of the values is seen, and where. */
function stretchOf(chart: ManyLines, seen: Place["coordSys"], api: Api, detail: number): Stretch {
  const [x, zero] = api.coord([chart.start, 0]);
  const [far, one] = api.coord([chart.start + chart.step * chart.count, 1]);
  const dx = (far - x) / chart.count;
  return {
    x,
    dx,
    y: zero,
    dy: one - zero,
    from: Math.max(0, Math.floor((seen.x - x) / dx)),
    to: Math.min(chart.count, Math.ceil((seen.x + seen.width - x) / dx)),
    pieces: seen.width * detail,
  };
}

function extentOf(lines: LongLineOf[]): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { pyramid } of lines) {
    const coarsest = pyramid.levels.at(-1);
    for (const value of coarsest?.low ?? pyramid.values) if (value < low) low = value;
    for (const value of coarsest?.high ?? pyramid.values) if (value > high) high = value;
  }
  return [low, high];
}

function manyTip(chart: ManyLines, place: number, format: (value: number) => string): HTMLElement {
  const told = chart.lines
    .map(({ name, pyramid }) => ({ name, value: pyramid.values[place] ?? Number.NaN }))
    .filter(({ value }) => !Number.isNaN(value))
    .sort((left, right) => right.value - left.value);
  const rows = told.slice(0, MOST_TOLD).map(({ name, value }) => ({ name, value: format(value) }));
  const more = told.length - rows.length;
  if (more > 0) rows.push({ name: `${more} more below`, value: "" });
  return tip(chart.time(chart.start + place * chart.step), rows);
}
