import type { ReactNode } from "react";
import type { ColumnDrift, Estimate, Num } from "../../api/document";
import { TableHolder } from "../../components/TableHolder";
import { count, instant, interval, number, percent, pValue } from "../../lib/format";
import { capital, metricAbout, metricTitle } from "../../lib/words";

const COUNTS = new Set(["rows", "missing", "distinct", "infinities", "zeros", "nans"]);
const TIMES = new Set(["mean", "min", "max", "p01", "p05", "p25", "p50", "p75", "p95", "p99"]);
const NAMES: Record<string, string> = {
  std: "Standard deviation",
  min: "Minimum",
  max: "Maximum",
  p50: "Median (p50)",
  nans: "NaN",
};

function statistic(name: string, value: Num | undefined, kind: string): string {
  if (value === null || value === undefined) return "–";
  if (COUNTS.has(name)) return count(value);
  return kind === "datetime" && TIMES.has(name) ? instant(value) : number(value);
}

/** Rows, moments and quantiles of both sides. */
export function StatisticsTable(props: {
  column: ColumnDrift;
  sides: { reference: string; current: string };
}): ReactNode {
  const { statistics, kind } = props.column;
  if (!statistics) return null;
  const names = [
    ...new Set([...Object.keys(statistics.reference), ...Object.keys(statistics.current)]),
  ].filter((name) => known(statistics.reference[name]) || known(statistics.current[name]));
  return (
    <div className="sub">
      <h3>Statistics</h3>
      <table className="plain-table">
        <thead>
          <tr>
            <th scope="col">Statistic</th>
            <th scope="col" className="end">
              Reference
            </th>
            <th scope="col" className="end">
              Current
            </th>
          </tr>
        </thead>
        <tbody>
          {names.map((name) => (
            <tr key={name}>
              <td>{NAMES[name] ?? capital(name.replaceAll("_", " "))}</td>
              <td className="end">{statistic(name, statistics.reference[name], kind)}</td>
              <td className="end">{statistic(name, statistics.current[name], kind)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const known = (value: unknown): boolean => value !== null && value !== undefined;

/** Every measure of drift, with interval, p-value and note. */
export function MetricsTable({ column }: { column: ColumnDrift }): ReactNode {
  const metrics = Object.entries(column.metrics);
  if (metrics.length === 0) return null;
  return (
    <div className="sub">
      <h3>Measures of drift</h3>
      <TableHolder label="Table">
        <table className="plain-table">
          <thead>
            <tr>
              <th scope="col">Measure</th>
              <th scope="col" className="end">
                Value
              </th>
              <th scope="col" className="end">
                Interval
              </th>
              <th scope="col" className="end">
                p
              </th>
            </tr>
          </thead>
          <tbody>
            {metrics.map(([name, found]) => (
              <MetricRow key={name} name={name} found={found} />
            ))}
          </tbody>
        </table>
      </TableHolder>
    </div>
  );
}

function MetricRow({ name, found }: { name: string; found: Estimate }): ReactNode {
  const show = name.endsWith("_share") ? percent : (value: Num | undefined) => number(value);
  const note = [
    metricAbout(name),
    found.note,
    found.bound ? `exact within ±${number(found.bound)}` : "",
  ]
    .filter(Boolean)
    .join(". ");
  return (
    <tr title={note || undefined}>
      <td>
        {capital(metricTitle(name))}
        {found.value === null && found.note ? <span className="faint"> · {found.note}</span> : null}
      </td>
      <td className="end">{show(found.value)}</td>
      <td className="end soft">{interval(found.low, found.high, show)}</td>
      <td className="end soft">
        {found.p_value === null || found.p_value === undefined ? "" : pValue(found.p_value)}
      </td>
    </tr>
  );
}
