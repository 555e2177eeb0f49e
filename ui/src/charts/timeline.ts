import type { Estimate, Num, TrackWindow } from "../api/document";
import { number } from "../lib/format";
import { type Ticks, tickDomain, tickFormat } from "../lib/scale";
import type { Palette } from "../state/theme";
import { axis, frame } from "./base";
import { eventSeries } from "./timelineEvents";
import { markedColumn, referenceBand } from "./timelineParts";
import { windowTip } from "./timelineTips";

export { eventSeries };

/** Windows of fewer rows get a hollow mark. */
export const FEW_ROWS = 100;

export interface TimelinePoint extends Partial<Estimate> {
  value: Num;
}

export interface Timeline {
  title: string;
  windows: TrackWindow[];
  points: (TimelinePoint | null)[];
  reference?: { value: Num; low: Num; high: Num } | null;
  /** What the reference line says; the reference of all rows where the points are of a part. */
  referenceLabel?: string;
  /** More values that the axis must hold, so that charts beside each other share one scale. */
  alsoHolds?: number[];
  threshold?: { value: Num; label: string } | null;
  format?: (value: number) => string;
  /** How ticks are written, by the largest value; as values are where it is left out. */
  ticks?: (largest: number) => Ticks;
  /** Shares and effects start at zero; metrics with a meaningful range do not. */
  isFromZero?: boolean;
  /** Shares end at 0 and 100 %. */
  isShare?: boolean;
  /** What happened meanwhile: deployments, data changes, alerts. */
  events?: TimelineEvent[];
  /** Whether times are those of the browser rather than UTC. */
  isLocal?: boolean;
  /** The ends of the time axis, where they are not the first and the last window. */
  extent?: [number, number];
  /** The time that somebody looks at, on all charts of a page. */
  marked?: [number, number] | null;
  /** One of several below each other: their plots begin and end at the same place. */
  isStrip?: boolean;
  /** The share of the chart that the name of an event takes. */
  room?: number;
  /** Marks of events without their names: the chart above says them. */
  isQuiet?: boolean;
}

export interface TimelineEvent {
  at: number;
  name: string;
  kind: "change" | "alert";
}

/** Where a window stands on the time axis: its start, or its number where it has none. */
export function positions(windows: TrackWindow[]): { at: number[]; isTime: boolean } {
  const starts = windows.map((window) => (window.start ? Date.parse(window.start) : Number.NaN));
  return starts.every(Number.isFinite)
    ? { at: starts, isTime: true }
    : { at: windows.map((_, place) => place), isTime: false };
}

/** The runs of neighbouring windows that have an interval: a band never bridges a gap. */
export function bandRuns(
  points: (TimelinePoint | null)[],
  at: number[],
): [number, number, number][][] {
  const runs: [number, number, number][][] = [];
  let run: [number, number, number][] = [];
  points.forEach((point, place) => {
    if (point && typeof point.low === "number" && typeof point.high === "number") {
      run.push([at[place] ?? 0, point.low, point.high]);
      return;
    }
    if (run.length) runs.push(run);
    run = [];
  });
  return run.length ? [...runs, run] : runs;
}

/** One measure over time with its interval, its reference and its threshold. */
export function timelineOption(timeline: Timeline) {
  const { windows, points, title } = timeline;
  const format = timeline.format ?? ((value: number) => number(value));
  const { at, isTime } = positions(windows);
  return (palette: Palette) => ({
    ...frame(palette, {
      top: 12,
      bottom: 20,
      right: timeline.reference || timeline.threshold ? 64 : 16,
      ...(timeline.isStrip ? STRIP : {}),
    }),
    useUTC: !timeline.isLocal,
    tooltip: {
      ...frame(palette).tooltip,
      formatter: (params: { data?: { index?: number } }[]) => {
        const place = params.find((each) => each.data?.index !== undefined)?.data?.index ?? 0;
        return windowTip(timeline, place, format);
      },
    },
    xAxis: isTime ? timeAxis(palette, timeline.extent) : placeAxis(palette, windows),
    yAxis: valueAxis(timeline, palette),
    series: [
      // First, since charts that are linked point at the same place of the same series.
      {
        type: "line",
        name: title,
        symbolSize: windows.length > 60 ? 4 : 6,
        symbol: "circle",
        showSymbol: true,
        connectNulls: false,
        lineStyle: { color: palette.accent, width: 1.6 },
        emphasis: { disabled: true },
        data: points.map((point, index) => ({
          value: [at[index], point?.value ?? null],
          index,
          itemStyle: marker(windows[index], palette),
        })),
        markLine: lines(timeline, palette, format),
      },
      ...markedColumn(timeline.marked, lowest(points), palette),
      ...referenceBand(timeline.reference, at[0] ?? 0, palette),
      ...bandRuns(points, at).map((run) => band(run, palette.accent)),
      ...eventSeries(timeline.events ?? [], palette, timeline.extent, roomOf(timeline)),
    ],
  });
}

/** The axis of times; its ends are those of the range, not of the data. */
export /** Fixed room at both sides, whatever the labels: what is above each other is at the same time. */
const STRIP = { left: 52, right: 66, outerBoundsMode: "none" as const };

const lowest = (points: (TimelinePoint | null)[]): number =>
  points.find((point) => typeof point?.value === "number")?.value ?? 0;

export function timeAxis(palette: Palette, extent?: [number, number]) {
  const [min, max] = extent ?? ["dataMin" as const, "dataMax" as const];
  return {
    // With four splits a day has no tick but midnight.
    ...axis(palette, { min, max, splits: 6 }, "x"),
    type: "time",
    axisLabel: {
      color: palette.faint,
      hideOverlap: true,
      alignMinLabel: "left",
      alignMaxLabel: "right",
      formatter: {
        year: "{MMM} {yyyy}",
        month: "{MMM} {yyyy}",
        day: "{d} {MMM}",
        hour: "{HH}:{mm}",
        minute: "{HH}:{mm}",
      },
    },
  };
}

function placeAxis(palette: Palette, windows: TrackWindow[]) {
  const format = (value: number) => windows[Math.round(value)]?.name ?? "";
  return axis(palette, { min: "dataMin", max: "dataMax", format }, "x");
}

function valueAxis(timeline: Timeline, palette: Palette) {
  const values = timeline.points.flatMap((point) => [point?.value, point?.low, point?.high]);
  const all = [
    ...values,
    ...(timeline.alsoHolds ?? []),
    timeline.reference?.value,
    timeline.reference?.low,
    timeline.reference?.high,
    timeline.threshold?.value,
  ];
  const known = all.filter((value): value is number => typeof value === "number");
  const limits = {
    ...(timeline.isShare ? { floor: 0, ceiling: 1 } : {}),
    isFromZero: timeline.isFromZero ?? false,
  };
  const ticks = timeline.ticks?.(known.reduce((a, b) => Math.max(a, Math.abs(b)), 0));
  const { min, max, interval: step } = tickDomain(known, limits, ticks?.scale ?? 1);
  const format = ticks?.format ?? timeline.format ?? tickFormat(step);
  return { ...axis(palette, { min, format }, "y"), max, interval: step };
}

function marker(window: TrackWindow | undefined, palette: Palette) {
  const isFew = !window || window.rows < FEW_ROWS || window.verdict === "not_enough_data";
  return {
    color: isFew ? palette.paper : palette.accent,
    borderColor: palette.accent,
    borderWidth: 1.5,
  };
}

function lines(
  { reference, referenceLabel, threshold }: Timeline,
  palette: Palette,
  format: (value: number) => string,
) {
  const line = (value: number, name: string, colour: string, type: string) => ({
    yAxis: value,
    name,
    lineStyle: { color: colour, type, width: 1.2 },
    label: {
      formatter: `${name}\n${format(value)}`,
      color: colour,
      position: "end",
      fontSize: 10.5,
      distance: 5,
      lineHeight: 12,
    },
  });
  const data = [
    ...(typeof reference?.value === "number"
      ? [line(reference.value, referenceLabel ?? "reference", palette.reference, "solid")]
      : []),
    ...(typeof threshold?.value === "number"
      ? [line(threshold.value, threshold.label, palette.fail, "dashed")]
      : []),
  ];
  return data.length ? { silent: true, symbol: "none", animation: false, data } : undefined;
}

/** The share of the chart that a name takes. */
const roomOf = ({ isQuiet, room }: Timeline): number =>
  isQuiet ? Number.POSITIVE_INFINITY : (room ?? 0.5);

interface CustomApi {
  coord: (point: [number, number]) => [number, number];
}

function band(run: [number, number, number][], colour: string) {
  const lows = run.map((each) => each[1]);
  const highs = run.map((each) => each[2]);
  return {
    type: "custom",
    silent: true,
    z: 1,
    clip: true,
    tooltip: { show: false },
    encode: { x: 0, y: [1, 2] },
    // One item draws the whole band; its corners make the axes reach far enough.
    data: [[run[0]?.[0] ?? 0, Math.min(...lows), Math.max(...highs)]],
    renderItem: (_params: unknown, api: CustomApi) => {
      const top = run.map(([x, , high]) => api.coord([x, high]));
      const bottom = run.map(([x, low]) => api.coord([x, low])).reverse();
      return {
        type: "polygon",
        shape: { points: [...top, ...bottom] },
        style: { fill: colour, opacity: 0.16 },
      };
    },
  };
}
