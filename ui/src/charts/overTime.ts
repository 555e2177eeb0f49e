import { number, percent } from "../lib/format";
import type { Palette } from "../state/theme";
import { axis, frame, tip } from "./base";
import { FEW_ROWS, timeAxis } from "./timeline";
import { markedColumn } from "./timelineParts";

/** A distribution in each step of time; one column of cells a step, the reference before them. */
export interface OverTime {
  name: string;
  /** Edges of the bins, or null where `categories` names them. */
  edges: number[] | null;
  categories: string[] | null;
  reference: number[] | null;
  steps: { start: number; end: number; shares: number[]; rows: number; median: number | null }[];
  extent: [number, number];
  marked: [number, number] | null;
  isLocal: boolean;
  time: (at: number) => string;
  edge: (edge: number) => string;
}

interface Place {
  coordSys: { x: number; y: number; width: number; height: number };
}

interface Api {
  value: (dimension: number) => number;
  coord: (point: [number, number]) => [number, number];
}

const LEFT = 92;
const REFERENCE = 22;
const GAP = 10;

export function overTimeOption(chart: OverTime) {
  const bins = boundsOf(chart);
  const top = topOf(chart);
  const low = bins[0]?.[0] ?? 0;
  return (palette: Palette) => ({
    ...frame(palette),
    useUTC: !chart.isLocal,
    grid: [
      { left: LEFT + REFERENCE + GAP, right: 28, top: 12, bottom: 22, outerBoundsMode: "none" },
      { left: LEFT, width: REFERENCE, top: 12, bottom: 22, outerBoundsMode: "none" },
    ],
    tooltip: {
      ...frame(palette).tooltip,
      trigger: "item",
      formatter: (param: { data?: { told?: [string, string, string][] } }) =>
        told(chart, param.data?.told ?? []),
    },
    xAxis: [
      {
        ...timeAxis(palette, chart.extent),
        axisLine: { onZero: false, lineStyle: { color: palette.strong } },
      },
      {
        gridIndex: 1,
        type: "value",
        min: 0,
        max: 1,
        axisLabel: { show: false },
        axisTick: { show: false },
        axisLine: { show: false },
        splitLine: { show: false },
      },
    ],
    yAxis: [
      { ...valueAxis(chart, bins, palette), axisLabel: { show: false } },
      labelAxis(chart, bins, palette),
    ],
    series: [
      cells(chart, bins, top, palette),
      ...(chart.reference ? [referenceCells(chart, bins, top, palette)] : []),
      ...markedColumn(chart.marked, low, palette),
      ...medians(chart, palette),
    ],
  });
}

/** The share that is drawn strongest; a step of few rows does not make all others pale. */
export function topOf({ steps, reference }: Pick<OverTime, "steps" | "reference">): number {
  const many = steps.filter((step) => step.rows >= FEW_ROWS);
  const counted = (many.length ? many : steps).flatMap((step) => step.shares);
  return [...counted, ...(reference ?? [])].reduce((most, share) => Math.max(most, share), 1e-12);
}

/** The ends of each bin on the axis; categories lie one above the other, the first on top. */
export function boundsOf({ edges, categories }: Pick<OverTime, "edges" | "categories">) {
  if (edges) return edges.slice(0, -1).map((edge, place) => [edge, edges[place + 1] ?? edge]);
  const names = categories ?? [];
  return names.map((_, place) => [names.length - 1 - place, names.length - place]);
}

function valueAxis(chart: OverTime, bins: number[][], palette: Palette) {
  const ends = chart.edges ? [chart.edges[0] ?? 0, chart.edges.at(-1) ?? 1] : [0, bins.length];
  return {
    ...axis(palette, { min: ends[0] ?? 0, isGrid: false, isRagged: true }, "y"),
    max: ends[1],
  };
}

/** The axis that is read: numbers at their place, categories in the middle of theirs. */
function labelAxis(chart: OverTime, bins: number[][], palette: Palette) {
  const label = { color: palette.faint, width: LEFT - 10, overflow: "truncate" };
  if (chart.categories) {
    return {
      type: "category",
      gridIndex: 1,
      data: chart.categories,
      inverse: true,
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: label,
    };
  }
  const found = valueAxis(chart, bins, palette);
  return {
    ...found,
    gridIndex: 1,
    axisLabel: { ...found.axisLabel, ...label, formatter: (value: number) => chart.edge(value) },
  };
}

const fill = (share: number, top: number, palette: Palette) => ({
  fill: palette.heat,
  opacity: share > 0 ? 0.04 + 0.96 * Math.min(1, share / top) : 0,
});

const nameOf = (chart: OverTime, bins: number[][], place: number): string =>
  chart.categories?.[place] ??
  `${chart.edge(bins[place]?.[0] ?? 0)} to ${chart.edge(bins[place]?.[1] ?? 0)}`;

function cells(chart: OverTime, bins: number[][], top: number, palette: Palette) {
  return {
    type: "custom",
    clip: true,
    encode: { x: [0, 1], y: [2, 3] },
    data: chart.steps.flatMap((step, index) =>
      bins.map(([low = 0, high = 0], place) => ({
        value: [step.start, step.end, low, high, step.shares[place] ?? 0],
        index,
        told: [
          [`${chart.time(step.start)}`, nameOf(chart, bins, place), ""],
          ["share", percent(step.shares[place]), ""],
          ["reference", percent(chart.reference?.[place]), ""],
          ["rows", number(step.rows), ""],
        ],
      })),
    ),
    renderItem: ({ coordSys }: Place, api: Api) => {
      const [from, upper] = api.coord([api.value(0), api.value(3)]);
      const [to, lower] = api.coord([api.value(1), api.value(2)]);
      // The first and the last step may reach beyond the range.
      const left = Math.max(coordSys.x, from);
      const right = Math.min(coordSys.x + coordSys.width, to);
      if (right <= left) return null;
      return {
        type: "rect",
        shape: {
          x: left,
          y: upper,
          // A hair's breadth more: between cells that touch, the paper would shine through.
          width: Math.max(1, right - left + 0.3),
          height: Math.max(1, lower - upper + 0.3),
        },
        style: fill(api.value(4), top, palette),
      };
    },
  };
}

function referenceCells(chart: OverTime, bins: number[][], top: number, palette: Palette) {
  const ends = bins.flat();
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  return {
    type: "custom",
    xAxisIndex: 1,
    yAxisIndex: 1,
    // Drawn by its place in the chart: on an axis of categories a bin has no ends.
    encode: { x: -1, y: -1 },
    data: bins.map(([low = 0, high = 0], place) => ({
      value: [low, high, chart.reference?.[place] ?? 0],
      told: [
        ["reference", nameOf(chart, bins, place), ""],
        ["share", percent(chart.reference?.[place]), ""],
      ],
    })),
    renderItem: (params: Place, api: Api) => {
      const { x, y, width, height } = params.coordSys;
      const at = (value: number) => y + height - ((value - low) / (high - low || 1)) * height;
      const [lower, upper] = [at(api.value(0)), at(api.value(1))];
      return {
        type: "rect",
        shape: { x, y: upper, width, height: Math.max(1, lower - upper + 0.3) },
        style: { ...fill(api.value(2), top, palette), fill: palette.text },
      };
    },
  };
}

/** The median of each step: where half of the rows lie below. */
function medians(chart: OverTime, palette: Palette) {
  if (!chart.edges) return [];
  return [
    {
      type: "line",
      silent: true,
      tooltip: { show: false },
      symbol: "none",
      connectNulls: false,
      data: chart.steps.map((step) => [(step.start + step.end) / 2, step.median]),
      lineStyle: { color: palette.second, width: 1.8 },
    },
  ];
}

function told(chart: OverTime, rows: [string, string, string][]): HTMLElement | string {
  const [head, ...rest] = rows;
  if (!head) return "";
  return tip(
    `${head[1]}, ${head[0]}`,
    rest.map(([name, value]) => ({ name: name === "share" ? chart.name : name, value })),
  );
}
