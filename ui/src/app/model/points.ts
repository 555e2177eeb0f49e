import type { TrackWindow } from "../../api/document";
import type { Line, Series } from "../../api/schema";
import type { Timeline } from "../../charts/timeline";
import { interval } from "../../lib/format";
import { capital, metricTitle } from "../../lib/words";
import { isShare, ticksOf, valueText } from "../units";
import { moment, type Zone } from "../zone";
import type { Looked } from "./at";

export type Reference = { value: number | null; low: number | null; high: number | null } | null;

/** A series as a timeline; steps without rows are gaps. */
export function timelineOf(
  line: Line,
  series: Pick<Series, "window" | "step_s">,
  reference: Reference,
  zone: Zone,
): Timeline {
  const step = (series.step_s ?? 3600) * 1000;
  const windows: TrackWindow[] = [];
  const points: Timeline["points"] = [];
  let before: number | null = null;
  for (const point of line.points) {
    const start = Date.parse(point.start);
    if (before !== null && start - before > step * 1.5) {
      windows.push(windowAt(new Date(before + step).toISOString(), 0, zone));
      points.push(null);
    }
    windows.push(windowAt(point.start, point.n_current ?? 0, zone));
    points.push(point);
    before = start;
  }
  const ticks = ticksOf(line.unit ?? null);
  return {
    title: titleOf(line),
    windows,
    extent: [Date.parse(series.window.start), Date.parse(series.window.end)],
    points,
    reference,
    isFromZero: line.worse === "higher" || line.worse === "either",
    isShare: isShare(line.unit),
    format: formatOf(line.unit),
    ...(ticks ? { ticks } : {}),
  };
}

/** How values of a unit read, with the unit where it is not said by the title. */
export const formatOf =
  (unit: string | null | undefined): ((value: number) => string) =>
  (value) =>
    valueText(value, unit ?? null);

/** What a line says of the time that is looked at: '0.68 (0.66 to 0.70)'; '' where nothing. */
export function saidAt(line: Line, looked: Looked | null): string {
  if (!looked) return "";
  const [from, to] = [Date.parse(looked.from), Date.parse(looked.to)];
  const inside = line.points.filter((point) => {
    const start = Date.parse(point.start);
    return start >= from && start < to;
  });
  const [point] = inside;
  if (inside.length !== 1 || !point) return "";
  const show = formatOf(line.unit);
  const shown = (value: number | null | undefined) =>
    typeof value === "number" ? show(value) : "–";
  if (point.value === null) return point.note ?? "not enough data";
  const range = interval(point.low, point.high, shown);
  return range ? `${shown(point.value)} (${range})` : shown(point.value);
}

const QUIET_UNITS = new Set(["", "share", "ratio", "score", "rows", "s", "ms", "label unit"]);

/** 'Latency ms, 95th percentile' from the server's title, with the unit where it says something. */
export function titleOf(line: Line): string {
  const [base = "", at] = line.metric.split("@");
  const title = line.title ?? capital(metricTitle(base));
  const unit = line.unit && !QUIET_UNITS.has(line.unit) ? `, ${line.unit}` : "";
  return `${title}${at ? ` ${at}` : ""}${unit}`;
}

export const windowAt = (start: string, rows: number, zone: Zone): TrackWindow =>
  ({ name: moment(start, zone), start, rows }) as TrackWindow;
