import type { PerformanceMetric, SegmentPerformance } from "../../api/document";
import { count, number } from "../../lib/format";
import { capital, metricTitle } from "../../lib/words";
import type { OfSegment } from "../../pages/comparison/segmentColumns";

export interface SegmentRow extends OfSegment {
  rows: number | null;
}

type Segments = Record<string, Record<string, SegmentPerformance>>;

const PREFERRED = ["roc_auc", "f1", "recall", "accuracy", "f1_macro", "mae", "rmse", "mrr"];

/** The metrics that segments have and that have a better direction, the usual ones first. */
export function metricsOf(
  segments: Segments,
  overall: Record<string, PerformanceMetric>,
): string[] {
  const known = new Set(
    Object.values(segments).flatMap((values) =>
      Object.values(values).flatMap((each) => Object.keys(each.metrics)),
    ),
  );
  const rank = (name: string) => {
    const place = PREFERRED.indexOf(name);
    return place < 0 ? PREFERRED.length : place;
  };
  return [...known]
    .filter((name) => (overall[name]?.direction ?? "none") !== "none")
    .sort((left, right) => rank(left) - rank(right));
}

/** Every segment with a metric, the worst first; those that cannot be told come last. */
export function segmentRows(segments: Segments, name: string): SegmentRow[] {
  const rows = Object.entries(segments).flatMap(([column, values]) =>
    Object.entries(values).map(
      ([value, segment]): SegmentRow => ({
        column,
        value,
        metric: segment.metrics[name],
        rows: segment.rows_current,
      }),
    ),
  );
  const badness = ({ metric }: SegmentRow): number => {
    const value = metric?.value;
    if (value === null || value === undefined) return Number.NEGATIVE_INFINITY;
    return metric?.direction === "lower" ? value : -value;
  };
  return rows.sort((left, right) => badness(right) - badness(left));
}

/** 'Recall is worst at origin LGA: 0.44 (0.43 to 0.45), 0.52 over all rows, 78.0 k labelled.' */
export function segmentFinding(rows: SegmentRow[], name: string, overall: number | null): string {
  const [worst] = rows.filter((row) => typeof row.metric?.value === "number");
  if (!worst?.metric) return "Not enough labelled rows in any segment to tell them apart.";
  const { value, low, high } = worst.metric;
  const range =
    typeof low === "number" && typeof high === "number"
      ? ` (${number(low)} to ${number(high)})`
      : "";
  return `${capital(metricTitle(name))} is worst at ${worst.column} ${worst.value}: ${number(value)}${range}, ${number(overall)} over all rows; ${count(worst.rows)} labelled rows.`;
}
