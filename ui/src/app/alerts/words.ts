import type { AlertShown, IncidentLine } from "../../api/schema";
import { count, number, percent } from "../../lib/format";
import type { Reading } from "../../lib/words";
import { duration } from "../zone";
import type { Compared } from "./ask";

export const STATES: Record<AlertShown["state"], Reading> = {
  firing: { word: "firing", tone: "fail" },
  recovering: { word: "recovering", tone: "warn" },
  pending: { word: "pending", tone: "warn" },
  no_data: { word: "no data", tone: "none" },
  error: { word: "error", tone: "none" },
  inactive: { word: "quiet", tone: "pass" },
};

/** The worst first. */
export const RANK: Record<AlertShown["state"], number> = {
  firing: 0,
  recovering: 1,
  error: 2,
  no_data: 3,
  pending: 4,
  inactive: 5,
};

const SOON: Record<string, string> = {
  P0: "act at once",
  P1: "act within 15 minutes",
  P2: "act within the hour",
  P3: "act within a day",
};
const FOREIGN: Record<string, string> = { critical: "P0", page: "P0", error: "P1", high: "P1" };
const MILD: Record<string, string> = { warning: "P2", warn: "P2", info: "P3", none: "P3" };

/** A severity in our words: other programs say 'critical' or 'warning'. */
export function severityOf(labels: Record<string, string>): string {
  const said = labels.severity ?? "";
  return FOREIGN[said.toLowerCase()] ?? MILD[said.toLowerCase()] ?? said;
}

/** How soon somebody must act, in words. */
export const soon = (severity: string): string => SOON[severity] ?? "";

export const INCIDENT_STATES: Record<IncidentLine["state"], Reading> = {
  open: { word: "open", tone: "fail" },
  acknowledged: { word: "acknowledged", tone: "warn" },
  investigating: { word: "investigating", tone: "warn" },
  mitigated: { word: "mitigated", tone: "warn" },
  resolved: { word: "resolved", tone: "pass" },
  closed: { word: "closed", tone: "pass" },
  merged: { word: "merged", tone: "none" },
  false_alarm: { word: "false alarm", tone: "none" },
};

/** Shows a number with its unit: shares as per cent, milliseconds with theirs, seconds as a span. */
export function inUnit(unit: string): (value: number) => string {
  if (unit === "share" || unit === "ratio") return (value) => percent(value);
  if (unit === "ms") return (value) => `${number(value)} ms`;
  if (unit === "s") return (value) => duration(value);
  if (unit === "rows" || unit === "count") return (value) => count(value);
  return (value) => number(value);
}

type Told = Pick<Compared, "name" | "operator" | "limit">;

/** Whether a condition compared how long ago the last record came: so `absent` tells of traffic. */
export const isAge = (points: Told): boolean =>
  points.operator === "absent" && points.limit.some((each) => each !== null);

/** What a condition compared, in words. */
export const measureOf = (points: Told): string =>
  isAge(points) ? "Time without a prediction" : (points.name ?? "value");

/** 'a, b and c'. */
export function listed(words: string[]): string {
  if (words.length < 2) return words[0] ?? "";
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

const OWN = new Set(["alertname", "model", "severity"]);

/** Labels that tell an alert from its neighbours: not its name, its model and its severity. */
export const ownLabels = (labels: Record<string, string>): [string, string][] =>
  Object.entries(labels).filter(([name]) => !OWN.has(name));
