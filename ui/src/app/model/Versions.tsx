import { useQueries } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import type { Line, Point, Version } from "../../api/schema";
import { type Column, DataTable } from "../../components/DataTable";
import { Link } from "../../components/Link";
import { Name } from "../../components/Name";
import { Section } from "../../components/Section";
import { count, interval } from "../../lib/format";
import { ask } from "../data/queries";
import { Skeleton } from "../shell/states";
import type { Shown } from "./ModelPage";
import { formatOf, titleOf } from "./points";

interface Row {
  version: string;
  lines: Line[];
}

const MOST = 12;

/** Every version beside the others, the newest first. */
export function ByVersion({ shown, metrics }: { shown: Shown; metrics: string[] }): ReactNode {
  const { model, window, segment } = shown;
  const versions = newestFirst(model.versions).slice(0, MOST);
  const asked = versions.length > 1 && metrics.length ? versions : [];
  const found = useQueries({
    queries: asked.map((version) =>
      ask.series(model.name, { metric: metrics, window, version, segment, step: "window" }),
    ),
  });
  const rows = asked.map(
    (version, place): Row => ({
      version,
      lines: found[place]?.data?.series ?? [],
    }),
  );
  const first = rows.find((row) => row.lines.length)?.lines;
  const columns = useMemo(() => columnsOf(first ?? []), [first]);
  if (asked.length === 0) return null;
  const [a, b] = [versions[1] ?? "", versions[0] ?? ""];
  return (
    <Section
      id="versions"
      title="By version"
      lead="The whole range, with 95 % intervals."
      aside={<Link to={{ path: ["compare"], query: { a, b } }}>Compare two versions</Link>}
    >
      {first ? (
        <DataTable
          id="versions"
          caption="Performance by version"
          columns={columns}
          rows={rows}
          rowKey={(row) => row.version}
          isFitted
        />
      ) : (
        <Skeleton height={120} label="Loading versions" />
      )}
    </Section>
  );
}

/** The versions that came last, first. */
export const newestFirst = (versions: readonly Version[]): string[] =>
  [...versions]
    .sort((left, right) => (right.first_seen ?? "").localeCompare(left.first_seen ?? ""))
    .map((each) => each.version);

const pointOf = (row: Row, metric: string): Point | undefined =>
  row.lines.find((line) => line.metric === metric)?.points[0];

function columnsOf(lines: Line[]): Column<Row>[] {
  return [
    {
      id: "version",
      title: "Version",
      value: (row) => row.version,
      cell: (row) => (
        <Link to={{ path: ["performance"], query: { version: row.version } }}>
          <Name text={row.version} />
        </Link>
      ),
    },
    {
      id: "rows",
      title: "Labelled rows",
      align: "end",
      value: (row) => row.lines[0]?.points[0]?.n_current,
      cell: (row) => count(row.lines[0]?.points[0]?.n_current ?? 0),
    },
    ...lines.map((line): Column<Row> => {
      const show = formatOf(line.unit);
      const shown = (value: number | null | undefined) =>
        typeof value === "number" ? show(value) : "–";
      return {
        id: line.metric,
        title: titleOf(line),
        align: "end",
        value: (row) => pointOf(row, line.metric)?.value,
        cell: (row) => {
          const point = pointOf(row, line.metric);
          if (!point) return <span className="faint">no rows</span>;
          if (point.value === null) return <span className="faint">not enough data</span>;
          return (
            <>
              <b>{shown(point.value)}</b>{" "}
              <span className="faint">{interval(point.low, point.high, shown)}</span>
            </>
          );
        },
      };
    }),
  ];
}
