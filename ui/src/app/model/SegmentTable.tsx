import type { ReactNode } from "react";
import { type Column, DataTable } from "../../components/DataTable";
import { DotIntervals } from "../../components/intervals";
import { Link } from "../../components/Link";
import { Name } from "../../components/Name";
import { count, interval, number } from "../../lib/format";
import { metricTitle } from "../../lib/words";
import { ChangeCell } from "../../pages/comparison/PerformanceMetrics";
import { segmentWhere } from "./at";
import type { SegmentRow } from "./segments";

const key = (row: SegmentRow): string => `${row.column}:${row.value}`;

/** Every segment with its value, interval, change and number of rows. */
export function SegmentTable({ rows, name }: { rows: SegmentRow[]; name: string }): ReactNode {
  return (
    <DataTable
      id="segments"
      caption={`${metricTitle(name)} by segment`}
      columns={COLUMNS}
      rows={rows}
      rowKey={key}
      isFitted
      to={(row) => ({ path: ["performance"], query: { segment: key(row) } })}
    />
  );
}

const COLUMNS: Column<SegmentRow>[] = [
  {
    id: "segment",
    title: "Segment",
    value: (row) => `${row.column} ${row.value}`,
    cell: (row) => (
      <Link to={{ path: ["performance"], query: { segment: key(row) } }}>
        <span className="faint">
          <bdi>{row.column}</bdi>
        </span>{" "}
        <Name text={row.value} />
      </Link>
    ),
  },
  {
    id: "current",
    title: "Current",
    align: "end",
    value: (row) => row.metric?.value,
    cell: (row) =>
      typeof row.metric?.value === "number" ? (
        <b>{number(row.metric.value)}</b>
      ) : (
        <span className="faint">not enough data</span>
      ),
  },
  {
    id: "interval",
    title: "95 % interval",
    isFixed: true,
    hide: "phone-hide",
    value: () => null,
    cell: (row) => <span className="soft">{interval(row.metric?.low, row.metric?.high)}</span>,
  },
  {
    id: "picture",
    title: "",
    isFixed: true,
    hide: "phone-hide",
    value: () => null,
    cell: (row) =>
      row.metric ? (
        <DotIntervals reference={row.metric.reference ?? null} current={row.metric} />
      ) : null,
  },
  {
    id: "reference",
    title: "Reference",
    align: "end",
    value: (row) => row.metric?.reference?.value,
    cell: (row) => number(row.metric?.reference?.value),
  },
  {
    id: "change",
    title: "Change",
    value: (row) => row.metric?.change?.value,
    cell: (row) =>
      row.metric ? <ChangeCell metric={row.metric} /> : <span className="faint">–</span>,
  },
  {
    id: "rows",
    title: "Labelled rows",
    align: "end",
    value: (row) => row.rows,
    cell: (row) => {
      const where = segmentWhere(key(row));
      return where ? (
        <Link to={{ path: ["rows"], query: { where } }}>{count(row.rows)}</Link>
      ) : (
        count(row.rows)
      );
    },
  },
];
