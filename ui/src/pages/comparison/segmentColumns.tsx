import type { ReactNode } from "react";
import type { PerformanceMetric } from "../../api/document";
import type { Column } from "../../components/DataTable";
import { DotIntervals } from "../../components/intervals";
import { Name } from "../../components/Name";
import { number } from "../../lib/format";
import { ChangeCell } from "./PerformanceMetrics";

/** A metric in one segment, which is a value of a column. */
export interface OfSegment {
  column: string;
  value: string;
  metric: PerformanceMetric | undefined;
}

export function SegmentName({ row }: { row: OfSegment }): ReactNode {
  return (
    <>
      <span className="faint">
        <bdi>{row.column}</bdi>
      </span>{" "}
      <Name text={row.value} />
    </>
  );
}

/** The columns that every table of segments has. */
export const SEGMENT: Column<OfSegment> = {
  id: "segment",
  title: "Segment",
  value: (row) => `${row.column} ${row.value}`,
  cell: (row) => (
    <span>
      <SegmentName row={row} />
    </span>
  ),
};

export const CURRENT: Column<OfSegment> = {
  id: "current",
  title: "Current",
  align: "end",
  value: (row) => row.metric?.value,
  cell: (row) => <b>{number(row.metric?.value)}</b>,
};

export const PICTURE: Column<OfSegment> = {
  id: "picture",
  title: "",
  isFixed: true,
  hide: "phone-hide",
  value: () => null,
  cell: (row) =>
    row.metric ? (
      <DotIntervals reference={row.metric.reference ?? null} current={row.metric} />
    ) : null,
};

export const REFERENCE: Column<OfSegment> = {
  id: "reference",
  title: "Reference",
  align: "end",
  value: (row) => row.metric?.reference?.value,
  cell: (row) => number(row.metric?.reference?.value),
};

export const CHANGE: Column<OfSegment> = {
  id: "change",
  title: "Change",
  value: (row) => row.metric?.change?.value,
  cell: (row) =>
    row.metric ? <ChangeCell metric={row.metric} /> : <span className="faint">–</span>,
};
