import type { Direction, Effect, Num, Verdict } from "../../api/document";
import { count, number } from "../../lib/format";
import { capital, metricTitle, readChange } from "../../lib/words";

export interface InputColumn {
  verdict: Verdict;
  effect: Effect | null;
  reason: string | null;
}

/** One metric of two versions. */
export interface ComparedRow {
  name: string;
  a: Num;
  b: Num;
  change: { value: Num; low: Num; high: Num };
  p: Num;
  /** Whether they differ beyond chance, over all metrics; null where that cannot be told. */
  isDifferent: boolean | null;
  direction: Direction;
  unit: string;
  note: string;
}

interface Raw {
  /** Of performance: the value of `b`, and that of `a` as its reference. */
  value?: Num;
  reference?: { value: Num } | null;
  /** Of the service: both sides. */
  a?: { value: Num; note?: string | null } | null;
  b?: { value: Num; note?: string | null } | null;
  change?: { value: Num; low?: Num; high?: Num } | null;
  p_adjusted?: Num;
  different?: boolean | null;
  direction?: Direction;
  unit?: string | null;
  note?: string | null;
}

const LOWER = /(_ms|error|delay|violation|overflow|queue|freshness)/;
const SHARES = /(rate|share|coverage)/;

const MINUTE: Record<string, string> = { s: "s", ms: "ms" };

/** Rows of a table from either group of the answer. */
export function comparedRows(group: object): ComparedRow[] {
  return Object.entries(group as Record<string, Raw>).map(([name, raw]) => {
    const isService = "a" in raw;
    const base = name.split("@")[0] ?? name;
    const unit = MINUTE[base.split("_").at(-1) ?? ""] ?? (SHARES.test(base) ? "share" : "");
    return {
      name,
      a: (isService ? raw.a?.value : raw.reference?.value) ?? null,
      b: (isService ? raw.b?.value : raw.value) ?? null,
      change: {
        value: raw.change?.value ?? null,
        low: raw.change?.low ?? null,
        high: raw.change?.high ?? null,
      },
      p: raw.p_adjusted ?? null,
      isDifferent: raw.different ?? null,
      direction: raw.direction ?? (isService && LOWER.test(name) ? "lower" : "none"),
      unit: isService ? unit : (raw.unit ?? ""),
      note: raw.note ?? raw.a?.note ?? raw.b?.note ?? "",
    };
  });
}

/** 'Version 2 is better than 1 in 8 of 14 metrics of performance and worse in 1; its …' */
export function compareFinding(
  performance: ComparedRow[],
  service: ComparedRow[],
  a: string,
  b: string,
): string {
  const judged = performance.filter((row) => row.direction !== "none");
  const read = (rows: ComparedRow[], word: string) =>
    rows.filter((row) => row.isDifferent && readChange(row.change.value, row.direction) === word);
  const [better, worse] = [read(judged, "better"), read(judged, "worse")];
  const latency = service.find((row) => row.name === "latency_ms@p95" && row.isDifferent);
  const tail = latency
    ? ` Its 95th percentile of latency ${(latency.change.value ?? 0) < 0 ? "fell" : "rose"} from ${number(latency.a)} to ${number(latency.b)} ms.`
    : "";
  if (judged.every((row) => row.a === null || row.b === null))
    return `Not enough labelled rows to tell how ${b} predicts beside ${a}.${tail}`;
  if (better.length + worse.length === 0)
    return `Nobody can tell version ${b} from ${a} by these rows: no metric differs beyond chance.${tail}`;
  const parts = [
    better.length ? `better than ${a} in ${count(better.length)}` : "",
    worse.length ? `worse${better.length ? "" : ` than ${a}`} in ${count(worse.length)}` : "",
  ].filter(Boolean);
  return `Version ${b} is ${parts.join(" and ")} of ${count(judged.length)} metrics of performance.${tail}`;
}

/** 'Latency p95' from `latency_ms@p95`. */
export function comparedTitle(name: string): string {
  const [whole = "", at] = name.split("@");
  const base = whole.replace(/_(ms|s)$/, "").replace("_ms_", "_");
  return `${capital(metricTitle(base))}${at ? ` ${at}` : ""}`;
}

/** What is worth a line: a side that is known and not nothing, those that differ first. */
export function worthShowing(rows: ComparedRow[]): ComparedRow[] {
  const rank = (row: ComparedRow) => (row.isDifferent ? 0 : row.isDifferent === null ? 2 : 1);
  return rows
    .filter((row) => Boolean(row.a) || Boolean(row.b))
    .sort((left, right) => rank(left) - rank(right));
}
