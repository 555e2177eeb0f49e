import { type ReactNode, useMemo } from "react";
import type { Num, PerformanceMetric } from "../../api/document";
import { type Column, DataTable } from "../../components/DataTable";
import { DotIntervals } from "../../components/intervals";
import { StatusMark } from "../../components/Mark";
import { Name } from "../../components/Name";
import { interval, number, percent, signed } from "../../lib/format";
import { capital, metricAbout, metricTitle, readChange } from "../../lib/words";
import { rowsNote } from "./Performance";

interface Row {
  name: string;
  metric: PerformanceMetric;
}

interface Props {
  metrics: Record<string, PerformanceMetric>;
  /** Name of the table in the URL. */
  id?: string;
  /** Names are classes, values shares of rows. */
  isShare?: boolean;
}

/** Reference, current and the difference of every metric. */
export function PerformanceMetrics({ metrics, id = "metrics", isShare = false }: Props): ReactNode {
  const rows = useMemo(
    () => Object.entries(metrics).map(([name, metric]): Row => ({ name, metric })),
    [metrics],
  );
  const columns = useMemo(
    () =>
      metricColumns(
        isShare,
        rows.some((row) => row.metric.status),
      ),
    [isShare, rows],
  );
  return (
    <DataTable
      id={id}
      caption={isShare ? "Predictions by class" : "Performance metrics"}
      columns={columns}
      rows={rows}
      rowKey={(row) => row.name}
      isFitted
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

function metricColumns(isShare: boolean, isChecked: boolean): Column<Row>[] {
  const show = isShare ? percent : (value: Num | undefined) => number(value);
  const columns: Column<Row>[] = [
    {
      id: "metric",
      title: isShare ? "Class" : "Metric",
      value: (row) => row.name,
      cell: ({ name, metric }) =>
        isShare ? (
          <Name text={name} />
        ) : (
          <span title={metricNote(name, metric)}>
            {capital(metricTitle(name))} <span className="faint">{unitOf(metric)}</span>
          </span>
        ),
    },
    {
      id: "reference",
      title: "Reference",
      align: "end",
      value: (row) => row.metric.reference?.value,
      cell: (row) => show(row.metric.reference?.value),
    },
    {
      id: "current",
      title: "Current",
      align: "end",
      value: (row) => row.metric.value,
      cell: (row) => <b>{show(row.metric.value)}</b>,
    },
    {
      id: "interval",
      title: "95 % interval",
      isFixed: true,
      hide: "phone-hide",
      hint: "Where the current value lies with 95 % confidence",
      value: () => null,
      cell: ({ metric }) => (
        <span className="soft">
          {interval(metric.low, metric.high, show) || metric.note || "–"}
        </span>
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
  ];
  if (!isChecked) return columns;
  const check: Column<Row> = {
    id: "status",
    title: "Check",
    hide: "phone-hide",
    value: (row) => row.metric.status ?? null,
    cell: ({ metric }) =>
      metric.status ? (
        <span title={metric.message ?? undefined}>
          <StatusMark status={metric.status} />
        </span>
      ) : (
        <span className="faint">–</span>
      ),
  };
  return [...columns, check];
}

/** What the metric is, how its interval comes about, and of how many rows. */
function metricNote(name: string, metric: PerformanceMetric): string {
  const parts = [
    metricAbout(name),
    metric.method ? `Interval: ${metric.method}` : "",
    rowsNote(metric.reference?.n ?? metric.n_reference, metric.n_current),
    metric.bound ? `exact within ±${number(metric.bound)}` : "",
  ];
  return parts.filter(Boolean).join(". ");
}
