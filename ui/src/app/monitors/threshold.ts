/** The number in a condition that one may move, and what a move would have made of the past. */

import type { Compared } from "../alerts/ask";

export interface Threshold {
  value: number;
  /** Where it stands in the condition. */
  start: number;
  end: number;
  /** Whether it is multiplied with something, such as a value of the reference. */
  isFactor: boolean;
}

/** The number that the last comparison outside of brackets compares with; null where there is none. */
export function thresholdIn(expr: string): Threshold | null {
  let depth = 0;
  let found: Threshold | null = null;
  for (let place = 0; place < expr.length; place += 1) {
    const letter = expr[place];
    if (letter === '"' || letter === "'") {
      const end = expr.indexOf(letter, place + 1);
      if (end < 0) return found;
      place = end;
    } else if (letter === "(" || letter === "[") depth += 1;
    else if (letter === ")" || letter === "]") depth -= 1;
    else if (depth === 0 && (letter === "<" || letter === ">")) {
      found ??= numberAfter(expr, place + (expr[place + 1] === "=" ? 2 : 1));
    }
  }
  return found;
}

function numberAfter(expr: string, from: number): Threshold | null {
  const matched = /^\s*(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(\s*\*)?/.exec(expr.slice(from));
  if (!matched) return null;
  const text = matched[1] ?? "";
  const start = from + matched[0].indexOf(text);
  return {
    value: Number(text),
    start,
    end: start + text.length,
    isFactor: matched[2] !== undefined,
  };
}

/** The condition with another number. */
export function withThreshold(expr: string, threshold: Threshold, value: number): string {
  return `${expr.slice(0, threshold.start)}${value}${expr.slice(threshold.end)}`;
}

/** Whether the condition is one comparison, so that a move can be worked out here. */
export const isPlain = (expr: string): boolean =>
  thresholdIn(expr) !== null && !/&&|\|\||\?|!\s*[(a-z]/.test(expr) && !/count\s*\(/.test(expr);

/** A round step for a number of this size, and ends that hold the history and the number. */
export function scaleOf(
  threshold: Threshold,
  points: Compared | null,
): { min: number; max: number; step: number } {
  const known = (points?.value ?? []).filter((value): value is number => value !== null);
  const size = Math.abs(threshold.value);
  let [low, high] = [Math.min(0, threshold.value * 2), Math.max(size * 2, size || 1)];
  if (!threshold.isFactor && known.length) {
    [low, high] = [threshold.value, threshold.value];
    for (const value of known) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    const room = (high - low) * 0.05 || size * 0.5 || 1;
    low = low >= 0 ? Math.max(0, low - room) : low - room;
    high += room;
  }
  const step = 10 ** Math.floor(Math.log10((high - low) / 100 || 1));
  return { min: floorTo(low, step), max: ceilTo(high, step), step };
}

const exact = (value: number): number => Number(value.toPrecision(12));
const floorTo = (value: number, step: number) => exact(Math.floor(value / step + 1e-9) * step);
const ceilTo = (value: number, step: number) => exact(Math.ceil(value / step - 1e-9) * step);

/** The history with the threshold moved: the limit follows, and with it what was true. */
export function moved(points: Compared, from: Threshold, to: number): Compared {
  const ratio = from.isFactor && from.value !== 0 ? to / from.value : null;
  const limit = points.limit.map((value) =>
    value === null ? null : ratio === null ? to : value * ratio,
  );
  const truth = points.truth.map((was, place): Compared["truth"][number] => {
    const [value, least] = [points.value[place], limit[place]];
    if (was === "no_data" || was === "error") return was;
    if (typeof value !== "number" || typeof least !== "number") return was;
    return holds(value, points.operator, least) ? "true" : "false";
  });
  return { ...points, limit, truth };
}

function holds(value: number, operator: string | null, limit: number): boolean {
  if (operator === "<") return value < limit;
  if (operator === "<=") return value <= limit;
  if (operator === ">") return value > limit;
  return value >= limit;
}

/** When it would have fired, in seconds since 1970, as the server's own machine has it. */
export function firingsOf(
  points: Pick<Compared, "at" | "truth">,
  rule: { for_s: number; keep_s: number },
): [number, number | null][] {
  const firings: [number, number | null][] = [];
  let [active, keep]: (number | null)[] = [null, null];
  let fires = false;
  points.at.forEach((at, place) => {
    const truth = points.truth[place];
    if (truth === "true") {
      keep = null;
      active ??= at;
      if (!fires && at - active >= rule.for_s) {
        fires = true;
        firings.push([at, null]);
      }
    } else if (truth === "false") {
      if (!fires) active = null;
      else {
        keep ??= at;
        if (at - keep >= rule.keep_s) {
          const last = firings.at(-1);
          if (last) last[1] = at;
          [fires, active, keep] = [false, null, null];
        }
      }
    }
  });
  return firings;
}

export interface Tally {
  times: number;
  hours: number;
  longest: number;
  days: number;
}

/** How often, and how long. */
export function tallyOf(firings: [number, number | null][], at: number[]): Tally {
  const last = at.at(-1) ?? 0;
  const spans = firings.map(([start, end]) => ((end ?? last) - start) / 3600);
  return {
    times: firings.length,
    hours: spans.reduce((sum, span) => sum + span, 0),
    longest: spans.reduce((most, span) => Math.max(most, span), 0),
    days: (last - (at[0] ?? last)) / 86_400,
  };
}
