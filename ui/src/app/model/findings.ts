import type {
  ColumnDrift,
  Drift,
  Performance,
  PerformanceMetric,
  Quality,
} from "../../api/document";
import type { Overview } from "../../api/schema";
import { count, number, percent } from "../../lib/format";
import { capital, metricTitle, plainWord, readChange } from "../../lib/words";

/** '9 of 21 columns drifted, most: temp, dewp and wind_dir.' */
export function driftFinding(drift: Drift): string {
  const columns = Object.entries(drift.columns);
  const drifted = drift.ranking.filter((name) => drift.columns[name]?.verdict === "drifted");
  const known = columns.filter(([, column]) => column.verdict !== "not_enough_data").length;
  if (columns.length === 0) return "There is no column to compare.";
  if (known === 0) return "There are not enough rows to tell whether a column drifted.";
  if (drifted.length === 0) return `None of ${count(known)} columns drifted.`;
  return `${count(drifted.length)} of ${count(columns.length)} columns drifted, most: ${listed(drifted.slice(0, 3))}.`;
}

const listed = (names: string[]): string =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;

const isSure = ({ change }: PerformanceMetric): boolean =>
  typeof change?.low === "number" &&
  typeof change.high === "number" &&
  (change.low > 0 || change.high < 0);

/** How far a change goes, in half-lengths of its interval: what lets metrics be compared. */
function sureness(metric: PerformanceMetric): number {
  const { value, low, high } = metric.change ?? {};
  if (typeof value !== "number" || typeof low !== "number" || typeof high !== "number") return 0;
  return Math.abs(value) / ((high - low) / 2 || 1e-12);
}

type Found = [string, PerformanceMetric][];

const USUAL = new Set([
  "roc_auc", "pr_auc", "f1", "accuracy", "recall", "precision", "f1_macro", "mae", "rmse", "r2",
  "mrr",
]); // biome-ignore format: one list

/** The metrics that people know by heart before all others. */
const usualFirst = (found: Found): Found => [
  ...found.filter(([name]) => USUAL.has(name)),
  ...found.filter(([name]) => !USUAL.has(name)),
];

/** 'ROC AUC fell from 0.75 to 0.70; 8 of 15 metrics are worse, beyond chance.' */
export function performanceFinding(performance: Performance | null): string {
  if (!performance) return "There are no labels, so nobody can tell how well it predicts.";
  const metrics = Object.entries(performance.metrics).filter(
    ([, metric]) => metric.direction && metric.direction !== "none",
  );
  const moved = metrics.filter(([, metric]) => isSure(metric));
  const reads = (word: string) =>
    moved
      .filter(([, metric]) => readChange(metric.change?.value, metric.direction) === word)
      .sort(([, left], [, right]) => sureness(right) - sureness(left));
  const [worse, better] = [reads("worse"), reads("better")].map(usualFirst) as [Found, Found];
  const [first] = worse.length ? worse : better;
  if (metrics.every(([, metric]) => metric.value === null))
    return "Not enough data: too few rows of this range have their label yet.";
  if (!first) return "It predicts as well as on the reference, as far as these rows can tell.";
  const [name, metric] = first;
  const verb = (metric.change?.value ?? 0) < 0 ? "fell" : "rose";
  const rest = worse.length
    ? `; ${count(worse.length)} of ${count(metrics.length)} metrics are worse, beyond chance`
    : "; no metric is worse, beyond chance";
  return `${capital(metricTitle(name))} ${verb} from ${number(metric.reference?.value)} to ${number(metric.value)}${rest}.`;
}

/** 'Completeness misses its target: 91.5 % of 99 %. 3 columns break a check.' */
export function qualityFinding(quality: Quality | null): string {
  if (!quality) return "Nothing is known of the quality of these rows.";
  const missed = Object.entries(quality.scores).filter(
    ([, score]) => score.status === "fail" || score.status === "warn",
  );
  const broken = Object.values(quality.columns ?? {}).filter(
    (column) => column.status === "fail" || column.status === "warn",
  ).length;
  const tail = broken
    ? ` ${count(broken)} ${broken === 1 ? "column breaks" : "columns break"} a check.`
    : "";
  if (missed.length === 0) return `All scores reach their targets.${tail}`;
  const told = missed.map(([name, score]) => {
    const show = (value: number | null) =>
      name === "timeliness" ? `${number(value)} h` : percent(value);
    return `${plainWord(name)} is ${show(score.current)}, its target ${show(score.target)}`;
  });
  return `${capital(told.join("; "))}.${tail}`;
}

/** '27.1 k predictions, 0 % of them errors; 95 % within 78.7 ms.' */
export function serviceFinding(page: Pick<Overview, "rows" | "traffic">): string {
  const errors = page.traffic.error_rate?.value;
  const latency = page.traffic["latency_ms@p95"]?.value;
  const parts = [
    `${count(page.rows)} ${page.rows === 1 ? "prediction" : "predictions"}`,
    typeof errors === "number" ? `${percent(errors)} of them errors` : "",
  ].filter(Boolean);
  const tail = typeof latency === "number" ? `; 95 % took at most ${number(latency)} ms` : "";
  return `${parts.join(", ")}${tail}.`;
}

/** What became of what the model says, in the words of the column that moved most. */
export function predictionFinding(columns: [string, ColumnDrift][]): string {
  const drifted = columns.filter(([, column]) => column.verdict === "drifted");
  const [first] = drifted;
  if (first) return `The ${first[1].role} drifted: ${(first[1].reason ?? "").replace(/\.$/, "")}.`;
  if (columns.length && columns.every(([, column]) => column.verdict === "not_enough_data"))
    return "Not enough rows to tell whether the predictions changed.";
  return columns.length ? "The model says what it said on the reference." : "";
}
