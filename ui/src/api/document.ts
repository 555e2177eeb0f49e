/**
 * The documents that Watchkeeper writes, schema version 1: what `watchkeeper report -o x.json`
 * gives, and what the page reads. Shares are fractions, times ISO 8601, undefined is null.
 */

export type Num = number | null;
export type Verdict = "drifted" | "stable" | "not_enough_data";
export type Change = "none" | "harmless" | "relevant" | "unknown";
export type Status = "pass" | "warn" | "fail" | "not_enough_data";
export type Direction = "higher" | "lower" | "none";
export type Kind = "numeric" | "categorical" | "datetime" | "text";

/** A number with its interval, its p-value, and the rows behind it. */
export interface Estimate {
  value: Num;
  low: Num;
  high: Num;
  p_value?: Num;
  n_reference?: Num;
  n_current?: Num;
  note?: string | null;
  bound?: Num;
}

export interface Model {
  name?: string | null;
  task?: string | null;
  label?: string | null;
  prediction?: string | null;
  score?: string | null;
  timestamp?: string | null;
  classes?: string[];
  threshold?: Num;
  segments?: string[];
  sensitive?: string[];
}

export interface DataSide {
  name: string;
  rows: number;
  labelled?: Num;
  start?: string | null;
  end?: string | null;
}

export interface Summary {
  verdict: Verdict;
  status: Status;
  headline: string;
  sentences: string[];
  warnings: string[];
  checks?: { passed: number; warned: number; failed: number; not_enough_data: number };
  drift?: { columns: number; drifted: number; stable: number; not_enough_data: number };
}

export interface Check {
  id: string;
  group: string;
  subject: string;
  metric: string;
  segment?: { column: string; value: string } | null;
  status: Status;
  value: Num;
  threshold: Num;
  operator: string;
  severity: string;
  message: string;
}

export interface Effect {
  metric: string;
  value: Num;
  low: Num;
  high: Num;
}

export interface CategoryCount {
  value: string | null;
  rows: number;
  share: number;
}

export type Pair = [Num, Num];

export interface EdgesDistribution {
  kind: "numeric" | "datetime" | "text";
  edges: number[];
  reference: number[];
  current: number[];
  missing?: Pair;
  below?: Pair;
  above?: Pair;
}

export interface CategoriesDistribution {
  kind: "categorical";
  categories: string[];
  reference: number[];
  current: number[];
  missing?: Pair;
  new?: Pair;
}

export type Distribution = EdgesDistribution | CategoriesDistribution;

export interface Detectable {
  ks?: Num;
  mean_shift?: Num;
  power?: Num;
  text?: string | null;
  [metric: string]: Num | string | undefined;
}

export interface ColumnDrift {
  kind: Kind;
  role: string;
  verdict: Verdict;
  change?: Change | null;
  psi_reading?: string | null;
  effect: Effect | null;
  p_value: Num;
  p_adjusted: Num;
  reason?: string | null;
  detectable?: Detectable | null;
  metrics: Record<string, Estimate>;
  statistics?: { reference: Record<string, Num>; current: Record<string, Num> } | null;
  new_categories?: CategoryCount[];
  vanished_categories?: CategoryCount[];
  distribution?: Distribution | null;
}

export interface SegmentDrift {
  rows_reference: number;
  rows_current: number;
  drifted: Num;
  columns: Record<string, { verdict: Verdict; effect: Effect | null; p_adjusted: Num }>;
}

export interface Drift {
  alpha: number;
  correction: string;
  tolerance: number;
  ranking: string[];
  columns: Record<string, ColumnDrift>;
  segments?: Record<string, Record<string, SegmentDrift>>;
  reference_warning?: string | null;
}

export interface PerformanceMetric extends Estimate {
  reference?: { value: Num; low: Num; high: Num; n?: Num } | null;
  change?: { value: Num; low: Num; high: Num; p_value?: Num } | null;
  direction?: Direction;
  unit?: string | null;
  status?: Status | null;
  method?: string | null;
  message?: string | null;
  threshold?: Num;
}

export interface SegmentPerformance {
  rows_reference: Num;
  rows_current: Num;
  metrics: Record<string, PerformanceMetric>;
}

export interface CalibrationBin {
  low: number;
  high: number;
  mean_score: Num;
  rate: Num;
  rate_low: Num;
  rate_high: Num;
  n: number;
}

export interface Sides<T> {
  reference: T | null;
  current: T | null;
}

export interface Confidence {
  mean: Num;
  low_share: Num;
  below: Num;
  counts: number[];
}

export interface FairnessGroup {
  rows: number;
  labelled?: number;
  [rate: string]: Estimate | Num | undefined;
}

export interface Performance {
  task: string;
  metrics: Record<string, PerformanceMetric>;
  segments?: Record<string, Record<string, SegmentPerformance>>;
  coverage?: Sides<number>;
  confusion?: (Sides<number[][]> & { labels: string[] }) | null;
  calibration?: Sides<CalibrationBin[]> | null;
  roc?: Sides<[number, number][]> | null;
  pr?: Sides<[number, number][]> | null;
  confidence?: Sides<Confidence> | null;
  /** Share of rows that are predicted as each class. */
  prediction?: Record<string, PerformanceMetric> | null;
  /** Metrics of each class of a multi-class model. */
  classes?: Record<string, Record<string, PerformanceMetric>> | null;
  error_quantiles?: Record<string, PerformanceMetric> | null;
  errors?: { edges: number[]; reference: number[]; current: number[] } | null;
  fairness?: Record<string, Record<string, PerformanceMetric | Record<string, FairnessGroup>>>;
}

export interface Score {
  reference: Num;
  current: Num;
  target: Num;
  status: Status | null;
  n?: Num;
  note?: string | null;
}

/** One quality measure of one column on both sides; the sides may be shares, counts or flags. */
export interface ColumnMeasure {
  reference?: number | boolean | null;
  current?: number | boolean | null;
  threshold?: Num;
  status?: Status | null;
  [key: string]: unknown;
}

export type ColumnQuality = { status?: Status | null } & Record<
  string,
  ColumnMeasure | Status | null | undefined
>;

export interface RuleResult {
  name: string;
  expression: string;
  rows: number;
  failed: Num;
  unknown: Num;
  share_passed: Num;
  target: Num;
  status: Status | null;
  severity?: string;
}

export interface Quality {
  scores: Record<string, Score>;
  schema?: {
    missing: string[];
    unexpected: string[];
    retyped: { column: string; expected: string; got: string }[];
    status?: Status | null;
  };
  columns?: Record<string, ColumnQuality>;
  rules?: RuleResult[];
  duplicates?: {
    reference: Num;
    current: Num;
    kind?: string;
    exact?: boolean;
    status?: Status | null;
  } | null;
}

interface DocumentBase {
  schema_version: string;
  generator: { name: string; version: string };
  model: Model;
  reference: DataSide;
  summary: Summary;
}

export interface ComparisonDocument extends DocumentBase {
  kind: "comparison";
  current: DataSide;
  checks: Check[];
  drift: Drift;
  performance: Performance | null;
  quality: Quality | null;
}

export interface TrackWindow {
  start: string | null;
  end: string | null;
  name: string;
  rows: number;
  labelled?: Num;
  status?: Status | null;
  verdict: Verdict;
  drifted: Num;
  headline: string;
  report?: string | null;
}

export interface TrackMetric {
  reference: { value: Num; low: Num; high: Num } | null;
  direction?: Direction;
  unit?: string | null;
  threshold?: Num;
  points: (Estimate | null)[];
}

export interface TrackColumn {
  kind: Kind;
  role: string;
  metrics: Record<string, Num[]>;
  effect: Num[];
  low?: Num[];
  high?: Num[];
  verdicts: (Verdict | null)[];
  missing?: Num[];
}

export interface TrackDocument extends DocumentBase {
  kind: "track";
  every: string | null;
  windows: TrackWindow[];
  performance: Record<string, TrackMetric> | null;
  performance_segments?: Record<string, Record<string, Record<string, (Estimate | null)[]>>> | null;
  drift: Record<string, TrackColumn>;
  tolerance?: Num;
  quality?: Record<string, Num[]> | null;
  ranking: string[];
}

export type ReportDocument = ComparisonDocument | TrackDocument;
