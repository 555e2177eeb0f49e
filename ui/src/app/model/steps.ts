import type { ModelDetail } from "../../api/schema";

/** Lengths of a step that one may choose. */
export const STEPS: { value: string; label: string; hours: number }[] = [
  { value: "1h", label: "hour", hours: 1 },
  { value: "6h", label: "6 hours", hours: 6 },
  { value: "1d", label: "day", hours: 24 },
  { value: "7d", label: "7 days", hours: 168 },
  { value: "1mo", label: "month", hours: 730 },
];

const WANTED = 62;
const UNITS: Record<string, number> = { h: 1, d: 24, mo: 730 };

/** The hours of a range in the server's words; those of all data where it is 'all'. */
export function hoursOf(window: string, model: Pick<ModelDetail, "first_event" | "last_event">) {
  const [from, to] = window.split("..");
  if (from !== undefined && to !== undefined) return (Date.parse(to) - Date.parse(from)) / 3.6e6;
  const found = /(\d+)(h|d|mo)$/.exec(window);
  if (found) return Number(found[1]) * (UNITS[found[2] ?? ""] ?? 1);
  const [first, last] = [model.first_event, model.last_event].map((each) => Date.parse(each ?? ""));
  return ((last ?? 0) - (first ?? 0)) / 3.6e6 || 24;
}

/** The shortest step that gives a chart with points that can be told apart. */
export function stepOf(
  window: string,
  model: Pick<ModelDetail, "first_event" | "last_event">,
  wanted = WANTED,
): string {
  const hours = hoursOf(window, model);
  return (STEPS.find((step) => hours / step.hours <= wanted) ?? STEPS.at(-1))?.value ?? "1d";
}

/** Columns times steps that are compared with the reference at once. */
const COMPARED = 3_000;

/** Fewer steps where a model has very many columns: each of them is compared in each step. */
export const stepsFor = (columns: number): number =>
  Math.round(Math.max(15, Math.min(WANTED, COMPARED / Math.max(1, columns))));
