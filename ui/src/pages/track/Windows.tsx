import { type ReactNode, useMemo } from "react";
import type { TrackDocument, TrackWindow } from "../../api/document";
import { type Column, DataTable } from "../../components/DataTable";
import { Link } from "../../components/Link";
import { VerdictMark } from "../../components/Mark";
import { Section } from "../../components/Section";
import { count, number } from "../../lib/format";
import { safeLink } from "../../lib/track";
import { capital, metricTitle } from "../../lib/words";

interface Row {
  place: number;
  window: TrackWindow;
  values: Record<string, number | null>;
}

const METRICS_SHOWN = 3;

/** All windows in a table, newest last, with the way to their reports. */
export function WindowsSection({ document }: { document: TrackDocument }): ReactNode {
  const names = useMemo(
    () => Object.keys(document.performance ?? {}).slice(0, METRICS_SHOWN),
    [document],
  );
  const rows = useMemo(
    () =>
      document.windows.map(
        (window, place): Row => ({
          place,
          window,
          values: Object.fromEntries(
            names.map((name) => [name, document.performance?.[name]?.points[place]?.value ?? null]),
          ),
        }),
      ),
    [document, names],
  );
  const hasReports = document.windows.some((window) => safeLink(window.report));
  const columns = useMemo(() => windowColumns(names, hasReports), [names, hasReports]);
  return (
    <Section id="windows" title="Windows">
      <DataTable
        id="windows"
        caption="All windows"
        columns={columns}
        rows={rows}
        rowKey={(row) => String(row.place)}
        to={(row) => ({ path: ["window", String(row.place)], query: {} })}
        empty="There is no window: no row has a time after the reference."
      />
    </Section>
  );
}

const VERDICT_RANK = { drifted: 0, stable: 1, not_enough_data: 2 };

function windowColumns(names: string[], hasReports: boolean): Column<Row>[] {
  const columns: Column<Row>[] = [
    {
      id: "window",
      title: "Window of",
      value: (row) => row.place,
      cell: (row) => (
        <Link to={{ path: ["window", String(row.place)], query: {} }}>{row.window.name}</Link>
      ),
    },
    {
      id: "verdict",
      title: "Verdict",
      value: (row) => VERDICT_RANK[row.window.verdict],
      cell: (row) => <VerdictMark verdict={row.window.verdict} />,
    },
    {
      id: "drifted",
      title: "Drifted",
      align: "end",
      value: (row) => row.window.drifted,
      cell: (row) => count(row.window.drifted),
    },
    ...names.map(
      (name): Column<Row> => ({
        id: name,
        title: capital(metricTitle(name)),
        align: "end",
        hide: "phone-hide",
        value: (row) => row.values[name],
        cell: (row) => number(row.values[name]),
      }),
    ),
    {
      id: "rows",
      title: "Rows",
      align: "end",
      value: (row) => row.window.rows,
      cell: (row) => count(row.window.rows),
    },
    {
      id: "headline",
      title: "Finding",
      isFixed: true,
      hide: "wide-only",
      value: () => null,
      cell: (row) => (
        <span className="clamp" title={row.window.headline}>
          {row.window.headline}
        </span>
      ),
    },
    {
      id: "report",
      title: "Report",
      isFixed: true,
      value: () => null,
      cell: ({ window }) => <ReportLink window={window} />,
    },
  ];
  return hasReports ? columns : columns.filter((column) => column.id !== "report");
}

/** The way to the full report of a window, which lies beside this file. */
export function ReportLink({ window }: { window: TrackWindow }): ReactNode {
  const link = safeLink(window.report);
  return link ? <a href={link}>Open report</a> : <span className="faint">–</span>;
}
