import { type KeyboardEvent, type ReactNode, useMemo } from "react";
import type { Estimate, TrackDocument } from "../../api/document";
import { positions, type Timeline, timelineOption } from "../../charts/timeline";
import { EChart } from "../../components/EChart";
import { Figure } from "../../components/Figure";
import { Section, Sub } from "../../components/Section";
import { count, interval, number, percent } from "../../lib/format";
import { capital, metricTitle, plainWord } from "../../lib/words";
import { navigate, useChoice } from "../../state/route";

interface FigureProps {
  timeline: Timeline;
  title?: ReactNode;
  aside?: string;
  height?: number;
  className?: string;
  /** What can be done with the measure, beside its title. */
  tools?: ReactNode;
  /** What a click on a window does; a report opens the window. */
  onPick?: (place: number) => void;
  /** Instead: what a click anywhere in the plot does, with the window next to it. */
  onPickNear?: (place: number) => void;
  onBrush?: (from: number, to: number) => void;
}

const openWindow = (place: number) => navigate({ path: ["window", String(place)], query: {} });

/** One measure over time; a click on a window opens it. */
export function TimelineFigure(props: FigureProps): ReactNode {
  const { timeline, title, height = 170, aside, onBrush, className } = props;
  const { onPick = openWindow, onPickNear } = props;
  const option = useMemo(() => timelineOption(timeline), [timeline]);
  const show = timeline.format ?? ((value: number) => number(value));
  const cell = (value: number | null | undefined) =>
    typeof value === "number" ? show(value) : "–";
  const rows = timeline.points.map((point, place) => {
    const window = timeline.windows[place];
    return [
      window?.name ?? "",
      cell(point?.value),
      interval(point?.low, point?.high, cell) || "–",
      count(point?.n_current ?? window?.rows),
    ];
  });
  const chart = (
    <EChart
      option={option}
      height={height}
      group="windows"
      label={`${timeline.title} over ${timeline.windows.length} windows.`}
      {...(onPickNear
        ? { onPickAt: (at: number) => onPickNear(nearest(timeline, at)) }
        : { onPick })}
      {...(onBrush ? { onBrush } : {})}
    />
  );
  return (
    <Figure
      title={title ?? timeline.title}
      aside={props.tools}
      note={aside}
      {...(className ? { className } : {})}
      table={{ columns: ["Window", timeline.title, "Interval", "Rows"], rows }}
    >
      {onPickNear ? (
        <TimeCursor timeline={timeline} onPick={onPickNear}>
          {chart}
        </TimeCursor>
      ) : (
        chart
      )}
    </Figure>
  );
}

/** Lets the arrow keys go from window to window, where the pointer clicks on them. */
function TimeCursor(props: {
  timeline: Timeline;
  onPick: (place: number) => void;
  children: ReactNode;
}): ReactNode {
  const { timeline, onPick } = props;
  const last = timeline.windows.length - 1;
  const now = timeline.marked ? nearest(timeline, timeline.marked[0]) : last;
  const press = (event: KeyboardEvent) => {
    const next = {
      ArrowLeft: timeline.marked ? now - 1 : last,
      ArrowRight: now + 1,
      Home: 0,
      End: last,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    onPick(Math.min(last, Math.max(0, next)));
  };
  const value = timeline.points[now]?.value;
  const show = timeline.format ?? ((each: number) => number(each));
  return (
    <div
      className="time-cursor"
      role="slider"
      tabIndex={0}
      aria-label={`Time looked at in ${timeline.title}`}
      aria-valuemin={0}
      aria-valuemax={Math.max(0, last)}
      aria-valuenow={Math.max(0, now)}
      aria-valuetext={`${timeline.windows[now]?.name ?? ""}: ${typeof value === "number" ? show(value) : "no value"}`}
      onKeyDown={press}
    >
      {props.children}
    </div>
  );
}

/** The window whose mark stands next to a place of the axis. */
function nearest({ windows }: Timeline, at: number): number {
  const { at: places } = positions(windows);
  let best = 0;
  places.forEach((place, index) => {
    if (Math.abs(place - at) < Math.abs((places[best] ?? 0) - at)) best = index;
  });
  return best;
}

/** Every performance metric over time. */
export function PerformanceTimelines({ document }: { document: TrackDocument }): ReactNode {
  const timelines = useMemo(
    () =>
      Object.entries(document.performance ?? {}).map(
        ([name, metric]): Timeline & { aside?: string } => ({
          title: capital(metricTitle(name)),
          windows: document.windows,
          points: metric.points,
          reference: metric.reference,
          threshold:
            typeof metric.threshold === "number"
              ? { value: metric.threshold, label: "threshold" }
              : null,
          aside: metric.direction === "lower" ? "Lower is better." : "",
        }),
      ),
    [document],
  );
  if (timelines.length === 0) return null;
  return (
    <Section
      id="performance"
      title="Performance over time"
      lead="Bands are 95 % intervals. Click a point to open its window."
    >
      <div className="grid">
        {timelines.map((timeline) => (
          <TimelineFigure key={timeline.title} timeline={timeline} aside={timeline.aside ?? ""} />
        ))}
      </div>
    </Section>
  );
}

/** One metric in every segment, on small charts of one scale each. */
export function SegmentTimelines({ document }: { document: TrackDocument }): ReactNode {
  const segments = document.performance_segments;
  const names = useMemo(() => segmentMetrics(segments), [segments]);
  const [choice, choose] = useChoice("segment-metric");
  const name = names.includes(choice) ? choice : names[0];
  const groups = useMemo(() => (name ? segmentGroups(document, name) : []), [document, name]);
  if (!segments || !name) return null;
  return (
    <Section
      id="segments"
      title="Segments over time"
      lead="Charts of one column share a scale; the line is the reference of all rows."
    >
      <div className="tools">
        <label className="soft" htmlFor="track-metric">
          Metric
        </label>
        <select id="track-metric" value={name} onChange={(event) => choose(event.target.value)}>
          {names.map((each) => (
            <option key={each} value={each}>
              {capital(metricTitle(each))}
            </option>
          ))}
        </select>
      </div>
      {groups.map(([column, timelines]) => (
        <Sub key={column} title={column}>
          <div className="grid three">
            {timelines.map(([value, timeline]) => (
              <TimelineFigure
                key={value}
                timeline={timeline}
                title={<bdi>{value}</bdi>}
                height={120}
              />
            ))}
          </div>
        </Sub>
      ))}
    </Section>
  );
}

type Segments = NonNullable<TrackDocument["performance_segments"]>;

function segmentMetrics(segments: Segments | null | undefined): string[] {
  const names = Object.values(segments ?? {}).flatMap((values) =>
    Object.values(values).flatMap((metrics) => Object.keys(metrics)),
  );
  return [...new Set(names)];
}

function segmentGroups(document: TrackDocument, name: string): [string, [string, Timeline][]][] {
  const reference = document.performance?.[name]?.reference ?? null;
  return Object.entries(document.performance_segments ?? {}).map(([column, values]) => {
    const parts = Object.entries(values).map(([value, metrics]): [string, (Estimate | null)[]] => [
      value,
      metrics[name] ?? [],
    ]);
    const alsoHolds = parts.flatMap(([, points]) => points.flatMap(extent));
    const timelines = parts.map(([value, points]): [string, Timeline] => [
      value,
      {
        title: capital(metricTitle(name)),
        windows: document.windows,
        points,
        reference,
        referenceLabel: "all rows,\nreference",
        alsoHolds,
      },
    ]);
    return [column, timelines];
  });
}

/** The ends of a point's interval, for a scale that all segments share. */
const extent = (point: Estimate | null): number[] =>
  point && point.low !== null && point.high !== null ? [point.low, point.high] : [];

/** The quality scores and the missing values over time. */
export function QualityTimelines({ document }: { document: TrackDocument }): ReactNode {
  const timelines = useMemo(() => qualityTimelines(document), [document]);
  if (timelines.length === 0) return null;
  return (
    <Section id="quality" title="Quality over time">
      <div className="grid three">
        {timelines.map((timeline) => (
          <TimelineFigure key={timeline.title} timeline={timeline} height={130} />
        ))}
      </div>
    </Section>
  );
}

const MISSING_SHOWN = 6;

function qualityTimelines(document: TrackDocument): Timeline[] {
  const { windows } = document;
  const scores = Object.entries(document.quality ?? {})
    .filter(([, values]) => values.some((value) => value !== null))
    .map(
      ([name, values]): Timeline => ({
        title: capital(plainWord(name)),
        windows,
        points: values.map((value) => ({ value })),
        ...(name === "timeliness"
          ? { format: (value: number) => `${number(value)} h`, isFromZero: true }
          : { format: percent, isShare: true }),
      }),
    );
  const spread = (values: (number | null)[]) => {
    const known = values.filter((value): value is number => value !== null);
    return known.length ? Math.max(...known) - Math.min(...known) : 0;
  };
  const missing = Object.entries(document.drift)
    .filter(([, column]) => spread(column.missing ?? []) > 0)
    .sort(([, left], [, right]) => spread(right.missing ?? []) - spread(left.missing ?? []))
    .slice(0, MISSING_SHOWN)
    .map(
      ([name, column]): Timeline => ({
        title: `Missing in ${name}`,
        windows,
        points: (column.missing ?? []).map((value) => ({ value })),
        format: percent,
        isFromZero: true,
      }),
    );
  return [...scores, ...missing];
}
