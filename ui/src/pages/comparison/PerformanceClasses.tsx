import { type ReactNode, useMemo } from "react";
import type { PerformanceMetric } from "../../api/document";
import { type Column, DataTable } from "../../components/DataTable";
import { Name } from "../../components/Name";
import { interval, number } from "../../lib/format";
import { capital, metricTitle } from "../../lib/words";

interface Row {
  label: string;
  metrics: Record<string, PerformanceMetric>;
}

/** Every metric of every class, reference → current. */
export function PerformanceClasses(props: {
  classes: Record<string, Record<string, PerformanceMetric>>;
}): ReactNode {
  const { classes } = props;
  const rows = useMemo(
    () => Object.entries(classes).map(([label, metrics]): Row => ({ label, metrics })),
    [classes],
  );
  const columns = useMemo(() => classColumns(rows), [rows]);
  return (
    <DataTable
      id="classes"
      caption="Metrics by class"
      columns={columns}
      rows={rows}
      rowKey={(row) => row.label}
      isFitted
    />
  );
}

function classColumns(rows: Row[]): Column<Row>[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.metrics)))];
  return [
    {
      id: "class",
      title: "Class",
      value: (row) => row.label,
      cell: (row) => <Name text={row.label} />,
    },
    ...names.map(
      (name): Column<Row> => ({
        id: name,
        title: capital(metricTitle(name)),
        align: "end",
        value: (row) => row.metrics[name]?.value,
        cell: ({ metrics }) => {
          const metric = metrics[name];
          return (
            <span title={interval(metric?.low, metric?.high) || metric?.note || undefined}>
              <span className="faint">{number(metric?.reference?.value)} → </span>
              {number(metric?.value)}
            </span>
          );
        },
      }),
    ),
  ];
}
