import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import type { Distributions } from "../../api/schema";
import { edgeText } from "../../charts/distribution";
import { type OverTime, overTimeOption } from "../../charts/overTime";
import type { Timeline } from "../../charts/timeline";
import { EChart } from "../../components/EChart";
import { Figure } from "../../components/Figure";
import { Empty } from "../../components/Section";
import { number, percent, setting } from "../../lib/format";
import { TimelineFigure } from "../../pages/track/Timelines";
import { useChoice } from "../../state/route";
import { Failed, Skeleton } from "../shell/states";
import { moment, useZone, type Zone } from "../zone";
import { extentOf, type Looked } from "./at";
import type { Shown } from "./ModelPage";
import { windowAt } from "./points";
import { askModel } from "./queries";
import { stepOf } from "./steps";
import { useTimes } from "./times";

/** How a column was distributed in each step of the range. */
export function DistributionOverTime({
  shown,
  column,
}: {
  shown: Shown;
  column: string;
}): ReactNode {
  const { model, window, version, segment } = shown;
  const [chosen] = useChoice("step");
  const step = chosen || stepOf(window, model);
  const found = useQuery(
    askModel.distributions(model.name, { column, window, version, segment, step }),
  );
  if (found.isPending) return <Skeleton height={330} label="Loading the distribution over time" />;
  if (!found.data) return <Failed error={found.error} what={`The distribution of ${column}`} />;
  if (found.data.points.length === 0)
    return <Empty>There are no rows in this range. Choose another range above.</Empty>;
  return <Drawn found={found.data} />;
}

function Drawn({ found }: { found: Distributions }): ReactNode {
  const [zone] = useZone();
  const first = found.points[0];
  const stepMs = first ? Date.parse(first.end) - Date.parse(first.start) : 3_600_000;
  const { looked, onPickAt, onBrush } = useTimes(stepMs);
  const chart = useMemo(() => chartOf(found, zone, looked), [found, zone, looked]);
  const option = useMemo(() => overTimeOption(chart), [chart]);
  const beside = useMemo(() => besideOf(found, zone, looked), [found, zone, looked]);
  const names =
    chart.categories ?? (chart.edges ?? []).slice(0, -1).map((edge) => chart.edge(edge));
  const table = () => ({
    columns: ["Time", ...names],
    rows: found.points.map((point) => [
      moment(point.start, zone),
      ...point.shares.map((share) => percent(share)),
    ]),
  });
  return (
    <>
      <Figure
        title="Distribution over time"
        note={`The stronger the colour, the more rows. ${found.edges ? "The line is the median. " : ""}The grey column at the left is the reference. Click a column to look at that time.`}
        table={table}
      >
        <EChart
          option={option}
          height={290}
          label={`How ${found.column} was distributed in each of ${found.points.length} steps of time; the table holds the shares.`}
          onPickAt={(at) => {
            const step = chart.steps.find((each) => at >= each.start && at < each.end);
            if (step) onPickAt(step.start);
          }}
          onBrush={onBrush}
        />
      </Figure>
      {beside.length ? (
        <div className="sub grid">
          {beside.map((timeline) => (
            <TimelineFigure
              key={timeline.title}
              timeline={timeline}
              height={120}
              onPickNear={(place) => onPickAt(Date.parse(timeline.windows[place]?.start ?? ""))}
              onBrush={onBrush}
            />
          ))}
        </div>
      ) : null}
    </>
  );
}

function chartOf(found: Distributions, zone: Zone, looked: Looked | null): OverTime {
  const edges = found.edges;
  const text = edges && found.kind === "datetime" ? edgeText({ kind: "datetime", edges }) : setting;
  return {
    name: found.column,
    edges,
    categories: found.categories,
    reference: found.reference?.shares ?? null,
    steps: found.points.map((point) => ({
      start: Date.parse(point.start),
      end: Date.parse(point.end),
      shares: point.shares,
      rows: point.rows,
      median: point.statistics.p50 ?? null,
    })),
    extent: [Date.parse(found.window.start), Date.parse(found.window.end)],
    marked: extentOf(looked),
    isLocal: zone === "local",
    time: (at) => moment(new Date(at).toISOString(), zone),
    edge: (edge) => text(edge),
  };
}

/** What has no place among the bins: missing values, new categories, values out of range. */
function besideOf(found: Distributions, zone: Zone, looked: Looked | null): Timeline[] {
  const windows = found.points.map((point) => windowAt(point.start, point.rows, zone));
  const kinds = [
    { key: "missing", title: "Missing" },
    { key: "new", title: "New categories" },
    { key: "below", title: "Below what is drawn" },
    { key: "above", title: "Above what is drawn" },
  ] as const;
  return kinds
    .filter(({ key }) => {
      const most = Math.max(...found.points.map((point) => point[key]));
      return most > (key === "missing" || key === "new" ? 0 : 0.02);
    })
    .map(({ key, title }) => ({
      title,
      windows,
      points: found.points.map((point) => ({ value: point[key], n_current: point.rows })),
      extent: [Date.parse(found.window.start), Date.parse(found.window.end)],
      reference: found.reference ? { value: found.reference[key], low: null, high: null } : null,
      isFromZero: true,
      isShare: true,
      format: percent,
      marked: extentOf(looked),
      isLocal: zone === "local",
    }));
}

export const statisticsAt = (found: Distributions): { name: string; value: string }[] => {
  const [point] = found.points;
  if (!point) return [];
  const { mean, p05, p50, p95, distinct } = point.statistics;
  return [
    { name: "rows", value: number(point.rows) },
    { name: "missing", value: percent(point.missing) },
    ...(typeof p50 === "number"
      ? [
          { name: "median", value: number(p50) },
          { name: "mean", value: number(mean) },
          { name: "p05 to p95", value: `${number(p05)} to ${number(p95)}` },
        ]
      : [{ name: "distinct", value: number(distinct) }]),
  ];
};
