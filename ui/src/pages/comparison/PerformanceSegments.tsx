import { type ReactNode, useMemo } from "react";
import type { PerformanceMetric, SegmentPerformance } from "../../api/document";
import { type Column, DataTable } from "../../components/DataTable";
import { Sub } from "../../components/Section";
import { count, number } from "../../lib/format";
import { capital, metricTitle } from "../../lib/words";
import { useChoice } from "../../state/route";
import { CHANGE, CURRENT, type OfSegment, PICTURE, REFERENCE, SEGMENT } from "./segmentColumns";

interface Row extends OfSegment {
  segment: SegmentPerformance;
}

interface Props {
  segments: Record<string, Record<string, SegmentPerformance>>;
  overall: Record<string, PerformanceMetric>;
}

/** One metric in every segment, worst change first. */
export function PerformanceSegments({ segments, overall }: Props): ReactNode {
  const [choice, choose] = useChoice("metric");
  const names = useMemo(() => metricNames(segments, overall), [segments, overall]);
  const name = names.includes(choice) ? choice : (names[0] ?? "");
  const rows = useMemo(() => segmentRows(segments, name), [segments, name]);
  return (
    <Sub title="By segment">
      <div className="tools">
        <label className="soft" htmlFor="segment-metric">
          Metric
        </label>
        <select id="segment-metric" value={name} onChange={(event) => choose(event.target.value)}>
          {names.map((each) => (
            <option key={each} value={each}>
              {capital(metricTitle(each))}
            </option>
          ))}
        </select>
        <span className="faint">overall {number(overall[name]?.value)}</span>
      </div>
      <DataTable
        id="segments"
        isFitted
        caption={`${metricTitle(name)} by segment`}
        columns={COLUMNS}
        rows={rows}
        rowKey={(row) => `${row.column}=${row.value}`}
      />
    </Sub>
  );
}

/** The metrics that segments have, the one that fell furthest beyond chance first. */
function metricNames(segments: Props["segments"], overall: Props["overall"]): string[] {
  const known = new Set(
    Object.values(segments).flatMap((values) =>
      Object.values(values).flatMap((each) => Object.keys(each.metrics)),
    ),
  );
  const loss = (name: string) => {
    const { change, direction } = overall[name] ?? {};
    const moved = change?.value ?? 0;
    return direction === "higher" ? -moved : direction === "lower" ? moved : 0;
  };
  return [...known].sort((left, right) => loss(right) - loss(left));
}

function segmentRows(segments: Props["segments"], name: string): Row[] {
  const rows = Object.entries(segments).flatMap(([column, values]) =>
    Object.entries(values).map(
      ([value, segment]): Row => ({ column, value, segment, metric: segment.metrics[name] }),
    ),
  );
  const badness = ({ metric }: Row) => {
    const moved = metric?.change?.value;
    if (moved === null || moved === undefined) return Number.NEGATIVE_INFINITY;
    return metric?.direction === "lower" ? moved : -moved;
  };
  return rows.sort((left, right) => badness(right) - badness(left));
}

const COLUMNS: Column<Row>[] = [
  SEGMENT,
  REFERENCE,
  CURRENT,
  PICTURE,
  CHANGE,
  {
    id: "rows",
    title: "Labelled rows",
    align: "end",
    hide: "phone-hide",
    value: (row) => row.segment.rows_current,
    cell: (row) => count(row.segment.rows_current),
  },
];
