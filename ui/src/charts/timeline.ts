import type { Estimate, Num, TrackWindow } from "../api/document";
import { count, interval, number } from "../lib/format";
import { niceDomain, tickFormat } from "../lib/scale";
import type { Palette } from "../state/theme";
import { axis, frame, tip } from "./base";

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
  /** Shares and effects start at zero; metrics with a meaningful range do not. */
  isFromZero?: boolean;
  /** Shares end at 0 and 100 %. */
  isShare?: boolean;
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
    }),
    useUTC: true,
    tooltip: {
      ...frame(palette).tooltip,
      formatter: (params: { data?: { index?: number } }[]) => {
        const place = params.find((each) => each.data?.index !== undefined)?.data?.index ?? 0;
        return windowTip(timeline, place, format);
      },
    },
    xAxis: isTime ? timeAxis(palette) : placeAxis(palette, windows),
    yAxis: valueAxis(timeline, palette),
    series: [
      ...bandRuns(points, at).map((run) => band(run, palette.accent)),
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
    ],
  });
}

function timeAxis(palette: Palette) {
  return {
    ...axis(palette, { min: "dataMin", max: "dataMax" }, "x"),
    type: "time",
    axisLabel: {
      color: palette.faint,
      hideOverlap: true,
      formatter: {
        year: "{yyyy}",
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
    timeline.threshold?.value,
  ];
  const known = all.filter((value): value is number => typeof value === "number");
  const limits = {
    ...(timeline.isShare ? { floor: 0, ceiling: 1 } : {}),
    isFromZero: timeline.isFromZero ?? false,
  };
  const { min, max, interval: step } = niceDomain(known, limits);
  const format = timeline.format ?? tickFormat(step);
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

function windowTip(
  { windows, points, title, reference }: Timeline,
  place: number,
  format: (value: number) => string,
): HTMLElement {
  const window = windows[place];
  const point = points[place];
  const show = (value: Num | undefined) => (typeof value === "number" ? format(value) : "–");
  return tip(window?.name ?? "", [
    { name: title, value: show(point?.value) },
    { name: "interval", value: interval(point?.low, point?.high, (value) => show(value)) || "–" },
    ...(reference ? [{ name: "reference", value: show(reference.value) }] : []),
    { name: "rows", value: count(point?.n_current ?? window?.rows) },
    ...(point?.note ? [{ name: "note", value: point.note }] : []),
  ]);
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
