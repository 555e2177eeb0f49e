import { count, interval } from "../lib/format";
import { type Ticks, tickDomain } from "../lib/scale";
import type { Palette } from "../state/theme";
import { axis, frame, tip } from "./base";

/** What a condition compared with what over time, and when it would have fired. */
export interface ConditionChart {
  title: string;
  /** Milliseconds since 1970, ascending; all columns are of one length. */
  at: number[];
  value: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
  limit: (number | null)[];
  rows: number[];
  firings: [number, number][];
  events: { at: number; name: string }[];
  show: (value: number) => string;
  /** How ticks are written, where that is shorter than what is shown elsewhere. */
  ticks?: ((largest: number) => Ticks) | undefined;
  /** Whether the value is one of rows: the time since the last one is not. */
  isOfRows: boolean;
  showTime: (at: number) => string;
  isShare: boolean;
  isLocal: boolean;
}

/** Points that are drawn at most: of more, each stretch shows its least and its most. */
const DRAWN = 1200;

/** The places to draw: all, or of each stretch the ends, the least and the most. */
export function thinned(values: (number | null)[], most = DRAWN): number[] {
  if (values.length <= most) return values.map((_, place) => place);
  const step = Math.ceil((values.length * 2) / most);
  const places: number[] = [];
  for (let start = 0; start < values.length; start += step) {
    const end = Math.min(values.length, start + step);
    let [least, top, gap] = [-1, -1, -1];
    for (let place = start; place < end; place += 1) {
      const value = values[place];
      if (typeof value !== "number") {
        gap = place;
        continue;
      }
      if (least < 0 || value < (values[least] ?? 0)) least = place;
      if (top < 0 || value > (values[top] ?? 0)) top = place;
    }
    const kept = [...new Set([least, top, gap])].filter((place) => place >= 0);
    places.push(...kept.sort((a, b) => a - b));
  }
  return places;
}

/** The one limit of all times; null where it moves or there is none. */
export function steady(limit: (number | null)[]): number | null {
  const known = limit.filter((value): value is number => typeof value === "number");
  const [first] = known;
  return first !== undefined && known.every((value) => value === first) ? first : null;
}

export function conditionOption(chart: ConditionChart) {
  const places = thinned(chart.value);
  const one = steady(chart.limit);
  const pick = (column: (number | null)[]) =>
    places.map((place) => [chart.at[place], column[place] ?? null]);
  return (palette: Palette) => ({
    ...frame(palette, { top: 12, bottom: 20, right: one === null ? 16 : 68 }),
    useUTC: !chart.isLocal,
    tooltip: { ...frame(palette).tooltip, formatter: tipOf(chart, places) },
    xAxis: timeAxis(chart, palette),
    yAxis: valueAxis(chart, palette),
    series: [
      spans(chart.firings, palette.fail),
      ...bands(chart, places, palette.accent),
      {
        type: "line",
        name: chart.title,
        showSymbol: places.length < 60,
        symbol: "circle",
        symbolSize: 4,
        connectNulls: false,
        lineStyle: { color: palette.accent, width: 1.5 },
        itemStyle: { color: palette.accent },
        emphasis: { disabled: true },
        data: pick(chart.value),
        markLine: marks(chart, one, palette),
      },
      ...(one === null ? [moving(pick(chart.limit), palette)] : []),
    ],
  });
}

function timeAxis(chart: ConditionChart, palette: Palette) {
  return {
    ...axis(palette, {}, "x"),
    type: "time",
    min: chart.at[0],
    max: chart.at.at(-1),
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

function valueAxis(chart: ConditionChart, palette: Palette) {
  const known = [...chart.value, ...chart.limit, inside(chart.low), inside(chart.high)].filter(
    (value): value is number => typeof value === "number",
  );
  const limits = chart.isShare ? { floor: 0, ceiling: 1 } : {};
  const isFromZero = chart.isShare && Math.min(...known.slice(0, 1)) < 0.5;
  const written = chart.ticks?.(Math.max(0, ...known)) ?? { scale: 1, format: chart.show };
  const domain = tickDomain(known, { ...limits, isFromZero }, written.scale);
  const { min, max, interval: step } = domain;
  return { ...axis(palette, { min, format: written.format }, "y"), max, interval: step };
}

/** The end that nearly all intervals keep within: one of a few rows must not dwarf the rest. */
function inside(column: (number | null)[]): number | null {
  const known = column.filter((value): value is number => typeof value === "number");
  known.sort((a, b) => a - b);
  return known[Math.floor((known.length - 1) * 0.98)] ?? null;
}

function tipOf(chart: ConditionChart, places: number[]) {
  return (params: { dataIndex?: number; seriesName?: string }[]): HTMLElement => {
    const found = params.find((each) => each.seriesName === chart.title)?.dataIndex ?? 0;
    const place = places[found] ?? 0;
    const show = (value: number | null | undefined) =>
      typeof value === "number" ? chart.show(value) : "–";
    const between = interval(chart.low[place], chart.high[place], (value) => show(value));
    return tip(chart.showTime(chart.at[place] ?? 0), [
      { name: chart.title, value: show(chart.value[place]) },
      ...(between ? [{ name: "interval", value: between }] : []),
      { name: "limit", value: show(chart.limit[place]) },
      ...(chart.isOfRows ? [{ name: "rows", value: count(chart.rows[place]) }] : []),
    ]);
  };
}

function marks(chart: ConditionChart, one: number | null, palette: Palette) {
  const limit =
    one === null
      ? []
      : [
          {
            yAxis: one,
            lineStyle: { color: palette.fail, type: "dashed", width: 1.3 },
            label: {
              formatter: `limit\n${chart.show(one)}`,
              color: palette.fail,
              position: "end",
              fontSize: 10.5,
              distance: 5,
              lineHeight: 12,
            },
          },
        ];
  const events = chart.events.map((event) => ({
    xAxis: event.at,
    lineStyle: { color: palette.second, type: "dotted", width: 1.2 },
    label: {
      formatter: `◆ ${event.name.length > 26 ? `${event.name.slice(0, 25)}…` : event.name}`,
      color: palette.second,
      position: "insideEndTop",
      rotate: 0,
      align: isLate(chart, event.at) ? "right" : "left",
      fontSize: 10.5,
    },
  }));
  const data = [...limit, ...events];
  return data.length ? { silent: true, symbol: "none", animation: false, data } : undefined;
}

/** Whether a mark stands so far at the right that its name must stand at its left. */
function isLate(chart: ConditionChart, at: number): boolean {
  const [first = 0, last = 0] = [chart.at[0], chart.at.at(-1)];
  return (at - first) / (last - first || 1) > 0.75;
}

function moving(data: (number | null | undefined)[][], palette: Palette) {
  return {
    type: "line",
    name: "limit",
    showSymbol: false,
    silent: true,
    connectNulls: false,
    lineStyle: { color: palette.fail, type: "dashed", width: 1.3 },
    data,
  };
}

interface Api {
  value: (place: number) => number;
  coord: (point: [number, number]) => [number, number];
}

interface Params {
  coordSys: { x: number; y: number; width: number; height: number };
}

/** When it fires: a wash behind the line, and a bar at the foot for those who see no wash. */
function spans(firings: [number, number][], colour: string) {
  return {
    type: "custom",
    silent: true,
    z: 0,
    clip: true,
    tooltip: { show: false },
    encode: { x: [0, 1], y: [] },
    data: firings,
    renderItem: (params: Params, api: Api) => {
      const { x, y, width, height } = params.coordSys;
      const end = x + width;
      const from = Math.max(x, Math.min(end, api.coord([api.value(0), 0])[0]));
      const to = Math.max(x, Math.min(end, api.coord([api.value(1), 0])[0]));
      const wide = Math.max(2, to - from);
      return {
        type: "group",
        children: [
          { type: "rect", shape: { x: from, y, width: wide, height }, style: wash(colour) },
          {
            type: "rect",
            shape: { x: from, y: y + height - 4, width: wide, height: 4 },
            style: { fill: colour },
          },
        ],
      };
    },
  };
}

const wash = (colour: string) => ({ fill: colour, opacity: 0.1 });

/** The interval around the value; a band never bridges a gap. */
function bands(chart: ConditionChart, places: number[], colour: string) {
  const runs: number[][] = [];
  let run: number[] = [];
  for (const place of places) {
    if (typeof chart.low[place] === "number" && typeof chart.high[place] === "number") {
      run.push(place);
    } else if (run.length) {
      runs.push(run);
      run = [];
    }
  }
  if (run.length) runs.push(run);
  return runs
    .filter((each) => each.length > 1)
    .map((each) => ({
      type: "custom",
      silent: true,
      z: 1,
      clip: true,
      tooltip: { show: false },
      data: [[chart.at[each[0] ?? 0], chart.value[each[0] ?? 0]]],
      renderItem: (_: unknown, api: Api) => {
        const edge = (column: (number | null)[]) =>
          each.map((place) => api.coord([chart.at[place] ?? 0, column[place] ?? 0]));
        return {
          type: "polygon",
          shape: { points: [...edge(chart.high), ...edge(chart.low).reverse()] },
          style: { fill: colour, opacity: 0.16 },
        };
      },
    }));
}
