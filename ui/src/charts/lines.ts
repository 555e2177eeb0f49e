import { number } from "../lib/format";
import { type Ticks, tickDomain } from "../lib/scale";
import type { Palette } from "../state/theme";
import { axis, frame, tip } from "./base";
import { eventSeries, type TimelineEvent, timeAxis } from "./timeline";

/** A value at a time, in milliseconds since 1970; null is a gap. */
export type LinePoint = [at: number, value: number | null];

export interface LineOf {
  name: string;
  points: LinePoint[];
}

export interface Lines {
  title: string;
  lines: LineOf[];
  format?: (value: number) => string;
  ticks?: (largest: number) => Ticks;
  isFromZero?: boolean;
  isShare?: boolean;
  events?: TimelineEvent[];
  extent?: [number, number];
  isLocal?: boolean;
  /** How a time is written. */
  time: (at: number) => string;
}

/** So many lines have a colour of their own; more are drawn alike, and named where one points. */
export const MOST_COLOURS = 7;

/** So many names a tip holds; the others are counted. */
export const MOST_TOLD = 12;

/** Several measures over time, on one scale. */
export function linesOption(chart: Lines) {
  const format = chart.format ?? ((value: number) => number(value));
  const isFew = chart.lines.length <= MOST_COLOURS;
  return (palette: Palette) => ({
    ...frame(palette, { top: 12, bottom: 20, right: 16 }),
    useUTC: !chart.isLocal,
    tooltip: {
      ...frame(palette).tooltip,
      formatter: (params: Told[]) => linesTip(chart, params, format),
    },
    xAxis: timeAxis(palette, chart.extent),
    yAxis: valueAxis(chart, palette, format),
    series: [
      ...chart.lines.map((line, place) => ({
        type: "line",
        name: line.name,
        data: line.points,
        showSymbol: line.points.length < 2,
        symbolSize: 4,
        connectNulls: false,
        // What is drawn keeps the peaks of what is there.
        sampling: "lttb",
        lineStyle: { width: isFew ? 1.6 : 1, opacity: isFew ? 1 : 0.7 },
        color: isFew ? palette.hues[place] : palette.accent,
        emphasis: { focus: "series", lineStyle: { width: 2.4, opacity: 1 } },
      })),
      ...eventSeries(chart.events ?? [], palette),
    ],
  });
}

interface Told {
  seriesName?: string;
  value?: LinePoint;
  color?: string;
}

function linesTip(chart: Lines, params: Told[], format: (value: number) => string): HTMLElement {
  const told = params.filter((each) => typeof each.value?.[1] === "number");
  const at = params[0]?.value?.[0];
  const sorted = [...told].sort((left, right) => (right.value?.[1] ?? 0) - (left.value?.[1] ?? 0));
  const rows = sorted.slice(0, MOST_TOLD).map((each) => ({
    name: each.seriesName ?? "",
    value: format(each.value?.[1] ?? 0),
  }));
  const more = sorted.length - rows.length;
  if (more > 0) rows.push({ name: `${more} more below`, value: "" });
  return tip(at === undefined ? chart.title : chart.time(at), rows);
}

function valueAxis(chart: Lines, palette: Palette, format: (value: number) => string) {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const line of chart.lines) {
    for (const [, value] of line.points) {
      if (value === null) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return scaleOf(chart, [low, high], palette, format);
}

/** The value axis that holds all from the lowest to the highest. */
export function scaleOf(
  chart: Pick<Lines, "ticks" | "isFromZero" | "isShare">,
  [low, high]: [number, number],
  palette: Palette,
  format: (value: number) => string,
) {
  const limits = {
    ...(chart.isShare ? { floor: 0, ceiling: 1 } : {}),
    isFromZero: chart.isFromZero ?? false,
  };
  const ticks = chart.ticks?.(Math.max(Math.abs(low), Math.abs(high)));
  const known = low <= high ? [low, high] : [];
  const { min, max, interval } = tickDomain(known, limits, ticks?.scale ?? 1);
  return { ...axis(palette, { min, format: ticks?.format ?? format }, "y"), max, interval };
}
