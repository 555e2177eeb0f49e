import { type ReactNode, useMemo } from "react";
import type { Line, Series } from "../../api/schema";
import { linesOption } from "../../charts/lines";
import type { TimelineEvent } from "../../charts/timeline";
import { EChart } from "../../components/EChart";
import { Figure } from "../../components/Figure";
import { ticksOf } from "../units";
import { moment, useZone } from "../zone";
import { formatOf } from "./points";
import { useTimes } from "./times";

export interface NamedLine {
  name: string;
  line: Line;
}

/** Measures of one unit on one scale, each named. */
export function LinesFigure(props: {
  title: string;
  note?: string;
  /** What else is chosen beside the names of the lines. */
  aside?: ReactNode;
  lines: NamedLine[];
  series: Pick<Series, "window" | "step_s">;
  events: TimelineEvent[];
}): ReactNode {
  const { title, lines, series, events } = props;
  const [zone] = useZone();
  const stepMs = (series.step_s ?? 3600) * 1000;
  const { onPickAt, onBrush } = useTimes(stepMs);
  const unit = lines[0]?.line.unit ?? "";
  const starts = useMemo(
    () => [...new Set(lines.flatMap(({ line }) => line.points.map((point) => point.start)))].sort(),
    [lines],
  );
  const ticks = useMemo(() => ticksOf(unit), [unit]);
  const option = useMemo(
    () =>
      linesOption({
        title,
        lines: lines.map(({ name, line }) => ({ name, points: pointsOf(line, stepMs) })),
        format: formatOf(unit),
        isFromZero: true,
        isShare: unit === "share",
        ...(ticks ? { ticks } : {}),
        events,
        extent: [Date.parse(series.window.start), Date.parse(series.window.end)],
        isLocal: zone === "local",
        time: (at) => moment(new Date(at).toISOString(), zone),
      }),
    [title, lines, unit, ticks, events, series, stepMs, zone],
  );
  const show = formatOf(unit);
  const table = () => ({
    columns: ["Time", ...lines.map(({ name }) => name)],
    rows: starts.map((start) => [
      moment(start, zone),
      ...lines.map(({ line }) => {
        const value = line.points.find((point) => point.start === start)?.value;
        return typeof value === "number" ? show(value) : "–";
      }),
    ]),
  });
  const near = (at: number) => {
    const times = starts.map((start) => Date.parse(start));
    const best = times.reduce(
      (found, time) => (Math.abs(time - at) < Math.abs(found - at) ? time : found),
      times[0] ?? Number.NaN,
    );
    onPickAt(best);
  };
  return (
    <Figure
      title={title}
      note={props.note}
      aside={
        <>
          <Legend lines={lines} />
          {props.aside}
        </>
      }
      table={table}
    >
      <EChart
        option={option}
        height={190}
        group="windows"
        label={`${title}: ${lines.map(({ name }) => name).join(", ")} over time.`}
        onPickAt={near}
        onBrush={onBrush}
      />
    </Figure>
  );
}

/** The values of a line; a null wherever a step without rows lies between two. */
export function pointsOf(line: Line, stepMs: number): [number, number | null][] {
  const points: [number, number | null][] = [];
  for (const point of line.points) {
    const at = Date.parse(point.start);
    const before = points.at(-1)?.[0];
    if (before !== undefined && at - before > stepMs * 1.5) points.push([before + stepMs, null]);
    points.push([at, point.value]);
  }
  return points;
}

const HUES = ["accent", "second", "hue-3", "hue-4", "hue-5", "hue-6", "text-soft"];

function Legend({ lines }: { lines: NamedLine[] }): ReactNode {
  return (
    <span className="legend">
      {lines.map(({ name }, place) => (
        <span key={name}>
          <i className="swatch" style={{ borderColor: `var(--${HUES[place % HUES.length]})` }} />
          {name}
        </span>
      ))}
    </span>
  );
}
