import type { Line, Lines, Series } from "../../api/schema";
import { type Pyramid, pyramidOf } from "../../charts/pyramid";
import { hoursOf, STEPS } from "../model/steps";
import type { Owned } from "./lines";
import { type Around, type Asked, spanOf } from "./usePanel";

/** From so many points of a line on nothing but the values is asked for. */
const MANY = 400;

/** Whether a panel's lines have more points than marks and intervals could be told apart of. */
export function isMany(panel: Asked, around: Around): boolean {
  if (panel.kind !== "lines" || !panel.step) return false;
  const hours = STEPS.find((step) => step.value === panel.step)?.hours;
  if (!hours || hours > 24) return false;
  return hoursOf(around.window, spanOf(around, around.model)) / hours > MANY;
}

/** A long line of a panel: whose it is, and its values at even distances in time. */
export interface Long {
  owned: Owned;
  pyramid: Pyramid;
}

export interface Longs {
  lines: Long[];
  /** When the first value is, and how long it is to the next, in milliseconds. */
  start: number;
  step: number;
  count: number;
  extent: [number, number];
}

/** Lines of several models on one grid of even steps; a step without rows is a gap. */
export function longsOf(answers: { model: string; lines: Lines }[]): Longs {
  const filled = answers.filter(({ lines }) => lines.starts.length > 0);
  const step = filled[0]?.lines.step_s ?? 3600;
  const starts = filled.map(({ lines }) => lines.starts);
  const first = Math.min(...starts.map((each) => each[0] ?? 0));
  const last = Math.max(...starts.map((each) => each.at(-1) ?? 0));
  const count = filled.length ? Math.round((last - first) / step) + 1 : 0;
  const windows = answers.map(({ lines }) => lines.window);
  return {
    start: first * 1000,
    step: step * 1000,
    count,
    extent: [
      Math.min(...windows.map((window) => Date.parse(window.start))),
      Math.max(...windows.map((window) => Date.parse(window.end))),
    ],
    lines: filled.flatMap(({ model, lines }) =>
      lines.lines
        .filter((line) => line.values.some((value) => value !== null))
        .map((line) => ({
          owned: ownedOf(model, lines, line),
          pyramid: pyramidOf(spread(lines.starts, line.values, first, step, count)),
        })),
    ),
  };
}

function spread(
  starts: readonly number[],
  values: readonly (number | null)[],
  first: number,
  step: number,
  count: number,
): Float32Array {
  const even = new Float32Array(count).fill(Number.NaN);
  starts.forEach((start, place) => {
    even[Math.round((start - first) / step)] = values[place] ?? Number.NaN;
  });
  return even;
}

const ownedOf = (model: string, lines: Lines, bare: Lines["lines"][number]): Owned => {
  const { values: _values, ...line } = bare;
  return { model, line: { ...line, points: [] }, series: seriesAround(lines) };
};

const seriesAround = ({ model, window, step, step_s }: Lines): Series => ({
  model,
  window,
  step,
  step_s,
  series: [],
});

/** The same with a point for each value, as files have them. */
export function seriesOf(lines: Lines): Series {
  const iso = (at: number) => new Date(at * 1000).toISOString();
  return {
    ...seriesAround(lines),
    series: lines.lines.map(({ values, ...line }) => ({
      ...line,
      points: values.flatMap((value, place): Line["points"] => {
        const start = lines.starts[place] ?? 0;
        return value === null
          ? []
          : [{ start: iso(start), end: iso(start + lines.step_s), value, low: null, high: null }];
      }),
    })),
  };
}
