import { type ReactNode, useMemo } from "react";
import type { Num, TrackDocument, Verdict } from "../../api/document";
import { type Column, DataTable } from "../../components/DataTable";
import { DotIntervals, EffectBar } from "../../components/intervals";
import { Link } from "../../components/Link";
import { VerdictMark } from "../../components/Mark";
import { Name } from "../../components/Name";
import { Prose } from "../../components/Prose";
import { Empty, Sub } from "../../components/Section";
import { useScrollToTop } from "../../components/useScrollToTop";
import { count, interval, number, percent, range } from "../../lib/format";
import { heatRows, heatTop } from "../../lib/track";
import { capital, metricTitle } from "../../lib/words";
import { ReportLink } from "./Windows";

interface Props {
  document: TrackDocument;
  place: number;
}

/** One window: what was found in it, its metrics, and its columns by effect. */
export function WindowPage({ document, place }: Props): ReactNode {
  const window = document.windows[place];
  useScrollToTop(String(place));
  if (!window)
    return (
      <Empty>
        This track has no window of that number.{" "}
        <Link to={{ path: ["windows"], query: {} }}>Show all windows</Link>
      </Empty>
    );
  return (
    <article className="feature">
      <nav className="crumbs" aria-label="Way back">
        <Link to={{ path: ["windows"], query: {} }}>Windows</Link>
        <span aria-hidden="true">/</span>
        <span>
          {place + 1} of {document.windows.length}
        </span>
        <span className="step">
          {place > 0 ? (
            <Link to={{ path: ["window", String(place - 1)], query: {} }}>
              ← {document.windows[place - 1]?.name ?? ""}
            </Link>
          ) : null}
          {place + 1 < document.windows.length ? (
            <Link to={{ path: ["window", String(place + 1)], query: {} }}>
              {document.windows[place + 1]?.name ?? ""} →
            </Link>
          ) : null}
        </span>
      </nav>
      <h1>{window.name}</h1>
      <p className="facts">
        <VerdictMark verdict={window.verdict} />
        <span>{range(window.start, window.end)} UTC</span>
        <span>
          <b>{count(window.rows)}</b> rows
          {typeof window.labelled === "number" ? `, ${count(window.labelled)} labelled` : ""}
        </span>
        {window.report ? <ReportLink window={window} /> : null}
      </p>
      <p className="reason prose">
        <Prose text={window.headline} />
      </p>
      {window.rows === 0 ? (
        <Empty>No row has a time in this window, so nothing could be measured.</Empty>
      ) : null}
      <WindowMetrics document={document} place={place} />
      <WindowColumns document={document} place={place} />
    </article>
  );
}

function WindowMetrics({ document, place }: Props): ReactNode {
  const rows = Object.entries(document.performance ?? {}).filter(
    ([, metric]) => metric.points[place]?.value != null,
  );
  if (rows.length === 0) return null;
  return (
    <Sub title="Performance">
      <table className="plain-table">
        <thead>
          <tr>
            <th scope="col">Metric</th>
            <th scope="col" className="end">
              Reference
            </th>
            <th scope="col" className="end">
              This window
            </th>
            <th scope="col">Interval</th>
            <th scope="col" className="phone-hide">
              <span className="hidden-visually">Drawn</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, metric]) => {
            const point = metric.points[place];
            return point ? (
              <tr key={name}>
                <td>{capital(metricTitle(name))}</td>
                <td className="end">{number(metric.reference?.value)}</td>
                <td className="end">
                  <b>{number(point.value)}</b>
                </td>
                <td className="soft">{interval(point.low, point.high) || "–"}</td>
                <td className="phone-hide">
                  <DotIntervals reference={metric.reference} current={point} />
                </td>
              </tr>
            ) : null;
          })}
        </tbody>
      </table>
    </Sub>
  );
}

interface Row {
  name: string;
  value: Num;
  low: Num;
  high: Num;
  verdict: Verdict | null;
  missing: Num;
}

function WindowColumns({ document, place }: Props): ReactNode {
  const all = useMemo(() => heatRows(document), [document]);
  const top = heatTop(all, document.tolerance ?? 0.05);
  const rows = all
    .map(
      ({ name, column }): Row => ({
        name,
        value: column.effect[place] ?? null,
        low: column.low?.[place] ?? null,
        high: column.high?.[place] ?? null,
        verdict: column.verdicts[place] ?? null,
        missing: column.missing?.[place] ?? null,
      }),
    )
    .filter((row) => row.value !== null)
    .sort((left, right) => (right.value ?? 0) - (left.value ?? 0));
  if (rows.length === 0) return null;
  const columns: Column<Row>[] = [
    {
      id: "column",
      title: "Column",
      value: (row) => row.name,
      cell: (row) => (
        <Link to={{ path: ["feature", row.name], query: {} }}>
          <Name text={row.name} />
        </Link>
      ),
    },
    {
      id: "verdict",
      title: "Verdict",
      value: (row) => row.verdict,
      cell: (row) => <VerdictMark verdict={row.verdict} />,
    },
    {
      id: "effect",
      title: "Effect",
      align: "end",
      value: (row) => row.value,
      cell: (row) => number(row.value),
    },
    {
      id: "bar",
      title: `0 to ${number(top)}`,
      isFixed: true,
      hide: "phone-hide",
      value: () => null,
      cell: (row) => (
        <EffectBar
          value={row.value}
          low={row.low}
          high={row.high}
          top={top}
          tolerance={document.tolerance ?? undefined}
          isLoud={row.verdict === "drifted"}
        />
      ),
    },
    {
      id: "missing",
      title: "Missing",
      align: "end",
      value: (row) => row.missing,
      cell: (row) => percent(row.missing),
    },
  ];
  return (
    <Sub title="Columns by effect">
      <DataTable
        id="window-columns"
        caption="Columns of this window"
        columns={columns}
        rows={rows}
        rowKey={(row) => row.name}
        to={(row) => ({ path: ["feature", row.name], query: {} })}
      />
    </Sub>
  );
}
