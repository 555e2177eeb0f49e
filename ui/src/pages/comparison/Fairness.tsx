import type { ReactNode } from "react";
import type { Estimate, FairnessGroup, Performance, PerformanceMetric } from "../../api/document";
import { type Column, DataTable } from "../../components/DataTable";
import { Name } from "../../components/Name";
import { Sub } from "../../components/Section";
import { count, interval, number } from "../../lib/format";
import { capital, metricTitle } from "../../lib/words";
import { PerformanceMetrics } from "./PerformanceMetrics";

interface Row {
  value: string;
  group: FairnessGroup;
}

/** Differences between groups of people, and what each group gets. */
export function Fairness({
  fairness,
}: {
  fairness: NonNullable<Performance["fairness"]>;
}): ReactNode {
  return Object.entries(fairness).map(([attribute, found]) => {
    const { groups, ...differences } = found;
    const rows = Object.entries((groups ?? {}) as Record<string, FairnessGroup>).map(
      ([value, group]): Row => ({ value, group }),
    );
    return (
      <Sub
        key={attribute}
        title={`Fairness by ${attribute}`}
        lead="Largest difference between groups; 0 is equal treatment."
      >
        <PerformanceMetrics
          id={`fairness-metrics-${attribute}`}
          metrics={differences as Record<string, PerformanceMetric>}
        />
        <DataTable
          id={`fairness-${attribute}`}
          isFitted
          caption={`Groups of ${attribute}`}
          columns={groupColumns(rows)}
          rows={rows}
          rowKey={(row) => row.value}
        />
      </Sub>
    );
  });
}

const COUNTED = ["rows", "labelled"];

const rateOf = (rate: Estimate | number | null | undefined): Estimate | null =>
  rate === null || rate === undefined || typeof rate === "number"
    ? { value: rate ?? null, low: null, high: null }
    : rate;

function groupColumns(rows: Row[]): Column<Row>[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.group)))].filter(
    (name) => !COUNTED.includes(name),
  );
  return [
    {
      id: "group",
      title: "Group",
      value: (row) => row.value,
      cell: (row) => <Name text={row.value} />,
    },
    {
      id: "rows",
      title: "Rows",
      align: "end",
      value: (row) => row.group.rows,
      cell: (row) => count(row.group.rows),
    },
    ...names.map(
      (name): Column<Row> => ({
        id: name,
        title: capital(metricTitle(name)),
        align: "end",
        value: (row) => rateOf(row.group[name])?.value,
        cell: (row) => {
          const rate = rateOf(row.group[name]);
          return (
            <span title={rate?.note ?? interval(rate?.low, rate?.high)}>{number(rate?.value)}</span>
          );
        },
      }),
    ),
  ];
}
