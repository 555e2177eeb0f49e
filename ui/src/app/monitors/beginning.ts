/** The rule that a chart begins a monitor with. */

import type { Card, Line } from "../../api/schema";
import { scalar } from "./ruleText";

/** A metric as conditions name it: what reports show behind an '@' is joined. */
export function conditionName(metric: string): string {
  const [base = "", at] = metric.split("@");
  if (at === undefined) return base;
  if (/^p\d/.test(at)) return `${base.replace(/_(ms|s)$/, "")}_${at.replace(".", "_")}`;
  if (base === "outcome_mean") return `outcome_mean(${JSON.stringify(at)})`;
  if (/^\d+$/.test(at)) return `${base.endsWith("_at_k") ? base.slice(0, -2) : `${base}_at`}_${at}`;
  return `${base}_${at}`;
}

/** The same of one column. */
export const measured = (metric: string, column: string): string =>
  column ? `${conditionName(metric)}(${JSON.stringify(column)})` : conditionName(metric);

/** Which way of a metric is bad; what has no bad way is watched for being low. */
export const isBadHigh = (worse: string | null | undefined): boolean =>
  worse === "higher" || worse === "either";

/** A number of two digits. */
export function round2(value: number): number {
  return value === 0 ? 0 : Number(value.toPrecision(2));
}

/** Interquartile ranges beyond the median from which on a value is far out. */
const FAR = 4;

/**
 * A threshold that the past seldom went beyond: a tenth outside of nearly all that it has been,
 * or nearer, where a few hours of trouble stand far outside of all others.
 */
export function thresholdFrom(line: Line | undefined, isHigh: boolean): number {
  const known = (line?.points ?? [])
    .map((point) => point.value)
    .filter((value): value is number => typeof value === "number")
    .sort((a, b) => a - b);
  if (known.length === 0) return isHigh ? 1 : 0;
  const at = (share: number) => known[Math.round((known.length - 1) * share)] ?? 0;
  const edge = at(isHigh ? 0.98 : 0.02);
  const room = Math.abs(edge) * 0.1;
  const spread = (at(0.75) - at(0.25)) * FAR;
  if (spread === 0) return round2(isHigh ? edge + room : edge - room);
  return round2(
    isHigh ? Math.min(edge + room, at(0.5) + spread) : Math.max(edge - room, at(0.5) - spread),
  );
}

const camel = (text: string): string =>
  text
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");

/** A name such as 'HighLatencyP95' or 'HighPsiTemp'. */
export const alertName = (metric: string, column: string, isHigh: boolean): string =>
  `${isHigh ? "High" : "Low"}${camel(metric.replace(/_(ms|s)(@|$)/, "$2"))}${camel(column)}`;

/** The text of a new rule about a metric. */
export function beginning(props: {
  metric: string;
  column: string;
  segment: string;
  card: Card | undefined;
  line: Line | undefined;
}): string {
  const { metric, column, segment, card, line } = props;
  const isHigh = isBadHigh(line?.worse ?? card?.worse);
  const expr = `${measured(metric, column)} ${isHigh ? ">" : "<"} ${thresholdFrom(line, isHigh)}`;
  const value =
    (line?.unit ?? card?.unit) === "share"
      ? "{{ $value | humanizePercentage }}"
      : '{{ printf "%.3g" $value }}';
  const name = measured(metric, column).replaceAll('"', "");
  const isDrift = card?.group === "drift" || column !== "";
  const summary = `{{ $labels.model }}: ${name} is ${value}`;
  return [
    `- alert: ${alertName(metric, column, isHigh)}`,
    `  expr: ${scalar(expr)}`,
    "  for: 1h",
    `  window: ${isDrift ? "1d" : "6h"}`,
    ...(segment ? [`  segment: ${scalar(segment)}`] : []),
    `  min_rows: ${isDrift ? 200 : 50}`,
    "  no_data: keep",
    "  severity: P2",
    "  annotations:",
    `    summary: ${scalar(summary)}`,
  ].join("\n");
}
