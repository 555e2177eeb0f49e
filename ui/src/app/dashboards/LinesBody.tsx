import { type ReactNode, useMemo } from "react";
import type { PanelShown } from "../../api/schema";
import { linesOption, MOST_COLOURS } from "../../charts/lines";
import type { TimelineEvent } from "../../charts/timeline";
import { EChart } from "../../components/EChart";
import { Figure, type FigureTable } from "../../components/Figure";
import { TimelineFigure } from "../../pages/track/Timelines";
import { useRoute } from "../../state/route";
import { hoursOf } from "../hours";
import { timelineOf } from "../model/SeriesFigure";
import { chooseRange } from "../RangePicker";
import { isShare, ticksOf, valueText } from "../units";
import { moment, useZone } from "../zone";
import { byUnit, drawn, metricWords, nameOf, type Owned } from "./lines";

interface Props {
  panel: PanelShown;
  lines: Owned[];
  events: TimelineEvent[];
}

/** A chart for each unit; a drawn range is the range of the page. */
export function LinesBody({ panel, lines, events }: Props): ReactNode {
  return byUnit(lines).map((group) => (
    <OneScale key={group[0]?.line.unit ?? ""} panel={panel} lines={group} events={events} />
  ));
}

const HEIGHT = 190;

const ticks = (unit: string | null) => {
  const found = ticksOf(unit);
  return found ? { ticks: found } : {};
};

/** Shows a range, in whole hours, on all panels. */
export function useShownRange(): (from: number, to: number) => void {
  const { path, query } = useRoute();
  return (from, to) => chooseRange(query, path, hoursOf(from, to));
}

function OneScale({ panel, lines, events }: Props): ReactNode {
  const [zone] = useZone();
  const isLocal = zone === "local";
  const show = useShownRange();
  const single = lines.length === 1 ? lines[0] : undefined;
  const timeline = useMemo(
    () =>
      single && {
        ...timelineOf(single.line, single.series, null, zone),
        title: metricWords(single.line),
        format: (value: number) => valueText(value, single.line.unit),
        ...ticks(single.line.unit),
        events,
        isLocal,
      },
    [single, zone, events, isLocal],
  );
  if (timeline) {
    return (
      <TimelineFigure
        timeline={timeline}
        title={timeline.title === panel.title ? "" : timeline.title}
        height={HEIGHT}
        onPick={(place) => {
          const start = Date.parse(timeline.windows[place]?.start ?? "");
          const step = (single?.series.step_s ?? 3600) * 1000;
          if (Number.isFinite(start)) show(start, start + step - 1);
        }}
        onBrush={show}
      />
    );
  }
  return <ManyLines title={panel.title} lines={lines} events={events} onBrush={show} />;
}

function ManyLines(props: {
  title: string;
  lines: Owned[];
  events: TimelineEvent[];
  onBrush: (from: number, to: number) => void;
}): ReactNode {
  const { title, lines, events, onBrush } = props;
  const [zone] = useZone();
  const unit = lines[0]?.line.unit ?? null;
  const series = lines[0]?.series;
  const option = useMemo(
    () =>
      linesOption({
        title,
        lines: lines.map((one) => drawn(one, lines)),
        format: (value) => valueText(value, unit),
        ...ticks(unit),
        isShare: isShare(unit),
        isFromZero: lines.every(({ line }) => line.worse === "higher" || line.worse === "either"),
        events,
        isLocal: zone === "local",
        time: (at) => moment(new Date(at).toISOString(), zone),
        ...(series
          ? { extent: [Date.parse(series.window.start), Date.parse(series.window.end)] as const }
          : {}),
      } as Parameters<typeof linesOption>[0]),
    [title, lines, unit, events, zone, series],
  );
  const isOne = new Set(lines.map(({ line }) => line.metric)).size === 1;
  const said = isOne && lines[0] ? metricWords(lines[0].line) : "";
  return (
    <Figure
      title={said && said !== title ? said : null}
      aside={lines.length <= MOST_COLOURS ? <Legend lines={lines} /> : null}
      note={
        lines.length > MOST_COLOURS
          ? `${lines.length} lines; point at the chart to read them.`
          : undefined
      }
      table={() => tableOf(lines, (iso) => moment(iso, zone))}
    >
      <EChart
        option={option}
        height={HEIGHT}
        group="windows"
        label={`${title}: ${lines.length} lines over time.`}
        onBrush={onBrush}
      />
    </Figure>
  );
}

export function Legend({ lines }: { lines: Owned[] }): ReactNode {
  return (
    <ul className="legend">
      {lines.map((one, place) => (
        <li key={nameOf(one, lines)}>
          <span className={`hue hue-${place}`} aria-hidden="true" />
          <bdi>{nameOf(one, lines)}</bdi>
        </li>
      ))}
    </ul>
  );
}

function tableOf(lines: Owned[], show: (iso: string) => string): FigureTable {
  const times = [...new Set(lines.flatMap(({ line }) => line.points.map((point) => point.start)))];
  const values = lines.map(
    ({ line }) => new Map(line.points.map((point) => [point.start, point.value])),
  );
  return {
    columns: ["Time", ...lines.map((one) => nameOf(one, lines))],
    rows: times
      .sort()
      .map((time) => [
        show(time),
        ...values.map((of, place) =>
          valueText(of.get(time) ?? null, lines[place]?.line.unit ?? null),
        ),
      ]),
  };
}
