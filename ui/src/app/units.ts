import { count, number, percent, setting, UNDEFINED } from "../lib/format";
import type { Ticks } from "../lib/scale";
import { duration } from "./zone";

const SHARES = new Set(["share", "ratio"]);
const COUNTS = new Set(["rows", "predictions", "labels", "requests"]);

export const isShare = (unit: string | null | undefined): boolean => SHARES.has(unit ?? "");

/** A value as people read it: shares in per cent, seconds as durations, the rest with its unit. */
export function valueText(value: number | null | undefined, unit: string | null): string {
  if (typeof value !== "number") return UNDEFINED;
  if (isShare(unit)) return percent(value);
  if (unit === "s") return duration(value);
  if (unit === "ms") return `${number(value)} ms`;
  if (unit && COUNTS.has(unit)) return count(value);
  return number(value);
}

const LENGTHS: [number, string][] = [
  [86_400, "d"],
  [3600, "h"],
  [60, "min"],
  [1, "s"],
];

/** How the ticks of an axis in a unit are written: as short as they are round. */
export function ticksOf(unit: string | null): ((largest: number) => Ticks) | undefined {
  if (isShare(unit)) return undefined;
  if (unit === "s") {
    return (largest) => {
      const [scale, name] = LENGTHS.find(([length]) => largest >= 2 * length) ?? [1, "s"];
      return { scale, format: (value) => `${setting(value / scale)} ${name}` };
    };
  }
  const end = unit === "ms" ? " ms" : "";
  return () => ({ scale: 1, format: (value) => `${setting(value)}${end}` });
}
