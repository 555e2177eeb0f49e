import { type ReactNode, useMemo } from "react";
import type { PerformanceMetric } from "../../api/document";
import { type Column, DataTable } from "../../components/DataTable";
import { DotIntervals } from "../../components/intervals";
import { StatusMark } from "../../components/Mark";
import { interval, number, signed } from "../../lib/format";
import { capital, metricAbout, metricTitle, readChange } from "../../lib/words";
import { rowsNote } from "./Performance";

interface Row {
  name: string;
  metric: PerformanceMetric;
}

/** Reference, current and the difference of every metric. */
export function PerformanceMetrics({
  metrics,
}: {
  metrics: Record<string, PerformanceMetric>;
}): ReactNode {
  const rows = useMemo(
    () => Object.entries(metrics).map(([name, metric]): Row => ({ name, metric })),
    [metrics],
  );
  return (
    <DataTable
      id="metrics"
      caption="Performance metrics"
      columns={COLUMNS}
      rows={rows}
      rowKey={(row) => row.name}
      empty="No metric could be computed."
    />
  );
}

/** The difference with its direction, and whether that is for the worse. */
export function ChangeCell({ metric }: { metric: PerformanceMetric }): ReactNode {
  const change = metric.change;
  if (!change || change.value === null) return <span className="faint">–</span>;
  const reading = readChange(change.value, metric.direction);
  const isSure = isBeyondChance(metric);
  const word = !isSure ? "within chance" : (reading ?? "");
  return (
    <span title={`difference ${interval(change.low, change.high, signed) || "without interval"}`}>
      <span aria-hidden="true">{change.value > 0 ? "↑ " : change.value < 0 ? "↓ " : ""}</span>
      {signed(change.value)}{" "}
      <span
        className={
          isSure && reading === "worse"
            ? "tone-fail"
            : isSure && reading === "better"
              ? "tone-pass"
              : "faint"
        }
      >
        {word}
      </span>
    </span>
  );
}

/** Whether the interval of the difference leaves out zero. */
export function isBeyondChance({ change }: PerformanceMetric): boolean {
  if (!change || change.value === null) return false;
  if (change.low === null || change.high === null) return (change.p_value ?? 1) < 0.05;
  return change.low > 0 || change.high < 0;
}

const unitOf = (metric: PerformanceMetric): string =>
  metric.unit && metric.unit !== "share" && metric.unit !== "null" ? metric.unit : "";

const COLUMNS: Column<Row>[] = [
  {
    id: "metric",
    title: "Metric",
    value: (row) => row.name,
    cell: ({ name, metric }) => (
      <span
        title={[
          metricAbout(name),
          metric.method && `Interval: ${metric.method}`,
          rowsNote(metric.reference?.n ?? metric.n_reference, metric.n_current),
        ]
          .filter(Boolean)
          .join(". ")}
      >
        {capital(metricTitle(name))}{" "}
        {unitOf(metric) ? <span className="faint">{unitOf(metric)}</span> : null}
      </span>
    ),
  },
  {
    id: "reference",
    title: "Reference",
    align: "end",
    value: (row) => row.metric.reference?.value,
    cell: (row) => number(row.metric.reference?.value),
  },
  {
    id: "current",
    title: "Current",
    align: "end",
    value: (row) => row.metric.value,
    cell: (row) => <b>{number(row.metric.value)}</b>,
  },
  {
    id: "interval",
    title: "Interval",
    isFixed: true,
    hide: "phone-hide",
    hint: "Where the current value lies with 95 % confidence",
    value: () => null,
    cell: ({ metric }) => (
      <span className="soft">{interval(metric.low, metric.high) || metric.note || "–"}</span>
    ),
  },
  {
    id: "picture",
    title: "",
    isFixed: true,
    hide: "phone-hide",
    value: () => null,
    cell: ({ metric }) => <DotIntervals reference={metric.reference ?? null} current={metric} />,
  },
  {
    id: "change",
    title: "Change",
    value: (row) => row.metric.change?.value,
    cell: (row) => <ChangeCell metric={row.metric} />,
  },
  {
    id: "status",
    title: "Check",
    value: (row) => row.metric.status ?? null,
    cell: (row) =>
      row.metric.status ? (
        <StatusMark status={row.metric.status} />
      ) : (
        <span className="faint">–</span>
      ),
    hide: "phone-hide",
  },
];
