import type { ReactNode } from "react";
import { type Column, DataTable } from "../../components/DataTable";
import { Link } from "../../components/Link";
import { count, interval, number } from "../../lib/format";
import { metricTitle } from "../../lib/words";
import {
  CHANGE,
  CURRENT,
  PICTURE,
  REFERENCE,
  SEGMENT,
  SegmentName,
} from "../../pages/comparison/segmentColumns";
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
    ...SEGMENT,
    cell: (row) => (
      <Link to={{ path: ["performance"], query: { segment: key(row) } }}>
        <SegmentName row={row} />
      </Link>
    ),
  },
  {
    ...CURRENT,
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
  PICTURE,
  REFERENCE,
  CHANGE,
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
