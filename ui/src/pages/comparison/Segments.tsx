import { type ReactNode, useMemo } from "react";
import type { ColumnDrift, Drift, SegmentDrift, Verdict } from "../../api/document";
import { type Column, DataTable } from "../../components/DataTable";
import { Name } from "../../components/Name";
import { Section, Sub } from "../../components/Section";
import { count, number } from "../../lib/format";

interface Row {
  value: string;
  segment: SegmentDrift;
  strongest: { name: string; effect: number }[];
}

/** Where the drift is: columns that drifted within each segment. */
export function SegmentsSection({
  drift,
  title = "Segments",
}: {
  drift: Drift;
  title?: string;
}): ReactNode {
  const segments = Object.entries(drift.segments ?? {}).filter(
    ([, values]) => Object.keys(values).length,
  );
  if (segments.length === 0) return null;
  return (
    <Section
      id={title === "Segments" ? "segments" : "segment-drift"}
      title={title}
      lead="Drift within each segment, by the number of columns that drifted."
    >
      {segments.map(([column, values]) => (
        <Sub key={column} title={column}>
          <SegmentTable column={column} values={values} columns={drift.columns} />
        </Sub>
      ))}
    </Section>
  );
}

function SegmentTable(props: {
  column: string;
  values: Record<string, SegmentDrift>;
  columns: Record<string, ColumnDrift>;
}): ReactNode {
  const rows = useMemo(
    () =>
      Object.entries(props.values)
        .map(([value, segment]): Row => ({ value, segment, strongest: strongestOf(segment) }))
        .sort((left, right) => (right.segment.drifted ?? -1) - (left.segment.drifted ?? -1)),
    [props.values],
  );
  return (
    <DataTable
      id={`segment-drift-${props.column}`}
      caption={`Drift by ${props.column}`}
      columns={COLUMNS}
      rows={rows}
      rowKey={(row) => row.value}
    />
  );
}

function strongestOf(segment: SegmentDrift): Row["strongest"] {
  const isDrifted = (verdict: Verdict) => verdict === "drifted";
  return Object.entries(segment.columns)
    .filter(([, column]) => isDrifted(column.verdict))
    .map(([name, column]) => ({ name, effect: column.effect?.value ?? 0 }))
    .sort((left, right) => right.effect - left.effect)
    .slice(0, 4);
}

const COLUMNS: Column<Row>[] = [
  {
    id: "value",
    title: "Segment",
    value: (row) => row.value,
    cell: (row) => <Name text={row.value} />,
  },
  {
    id: "drifted",
    title: "Drifted",
    align: "end",
    value: (row) => row.segment.drifted,
    cell: (row) =>
      `${count(row.segment.drifted)} of ${count(Object.keys(row.segment.columns).length)}`,
  },
  {
    id: "strongest",
    title: "Most",
    isFixed: true,
    isWrapped: true,
    value: () => null,
    cell: (row) =>
      row.strongest.length ? (
        row.strongest.map(({ name, effect }, place) => (
          <span key={name}>
            {place ? ", " : ""}
            <bdi>{name}</bdi> <span className="faint">{number(effect)}</span>
          </span>
        ))
      ) : (
        <span className="faint">{hasData(row.segment) ? "none" : "not enough data to tell"}</span>
      ),
  },
  {
    id: "reference",
    title: "Reference rows",
    align: "end",
    hide: "phone-hide",
    value: (row) => row.segment.rows_reference,
    cell: (row) => count(row.segment.rows_reference),
  },
  {
    id: "current",
    title: "Current rows",
    align: "end",
    value: (row) => row.segment.rows_current,
    cell: (row) => count(row.segment.rows_current),
  },
];

const hasData = (segment: SegmentDrift): boolean =>
  Object.values(segment.columns).some((column) => column.verdict !== "not_enough_data");
