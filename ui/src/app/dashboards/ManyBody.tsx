import { type ReactNode, useMemo } from "react";
import type { PanelShown } from "../../api/schema";
import { MOST_COLOURS } from "../../charts/lines";
import { manyLinesOption } from "../../charts/manyLines";
import type { TimelineEvent } from "../../charts/timeline";
import { EChart } from "../../components/EChart";
import { Figure, type FigureTable } from "../../components/Figure";
import { count } from "../../lib/format";
import { isShare, ticksOf, valueText } from "../units";
import { moment, useZone } from "../zone";
import { Legend, useShownRange } from "./LinesBody";
import { metricWords, nameOf } from "./lines";
import type { Long, Longs } from "./many";

interface Props {
  panel: PanelShown;
  longs: Longs;
  events: TimelineEvent[];
}

/** Lines of many points: a chart for each unit, in which one can move and zoom. */
export function ManyBody({ panel, longs, events }: Props): ReactNode {
  const groups = useMemo(() => byUnit(longs.lines), [longs]);
  return groups.map((group) => (
    <OneScale
      key={group[0]?.owned.line.unit ?? ""}
      title={panel.title}
      longs={longs}
      lines={group}
      events={events}
    />
  ));
}

function byUnit(lines: Long[]): Long[][] {
  const groups = new Map<string, Long[]>();
  for (const line of lines) {
    const unit = line.owned.line.unit ?? "";
    const group = groups.get(unit);
    if (group) group.push(line);
    else groups.set(unit, [line]);
  }
  return [...groups.values()];
}

const HEIGHT = 190;

function OneScale(props: {
  title: string;
  longs: Longs;
  lines: Long[];
  events: TimelineEvent[];
}): ReactNode {
  const { title, longs, lines, events } = props;
  const [zone] = useZone();
  const onBrush = useShownRange();
  const unit = lines[0]?.owned.line.unit ?? null;
  const owned = useMemo(() => lines.map((line) => line.owned), [lines]);
  const names = useMemo(() => owned.map((one) => nameOf(one, owned)), [owned]);
  const option = useMemo(() => {
    const ticks = ticksOf(unit);
    return manyLinesOption({
      title,
      lines: lines.map(({ pyramid }, place) => ({ name: names[place] ?? "", pyramid })),
      start: longs.start,
      step: longs.step,
      count: longs.count,
      extent: longs.extent,
      format: (value) => valueText(value, unit),
      ...(ticks ? { ticks } : {}),
      isShare: isShare(unit),
      isFromZero: owned.every(({ line }) => line.worse === "higher"),
      events,
      isLocal: zone === "local",
      time: (at) => moment(new Date(at).toISOString(), zone),
    });
  }, [title, lines, owned, names, longs, unit, events, zone]);
  const isOne = new Set(owned.map(({ line }) => line.metric)).size === 1;
  const said = isOne && owned[0] ? metricWords(owned[0].line) : "";
  const few = lines.length <= MOST_COLOURS;
  return (
    <Figure
      title={said && said !== title ? said : null}
      aside={few && lines.length > 1 ? <Legend lines={owned} /> : null}
      note={
        few
          ? undefined
          : `${lines.length} lines of ${count(longs.count)} points; point at the chart to read them.`
      }
      table={() => tableOf(longs, lines, names, (at) => moment(new Date(at).toISOString(), zone))}
    >
      <EChart
        key={longs.extent.join()}
        option={option}
        height={HEIGHT}
        group="windows"
        label={`${title}: ${lines.length} lines over time, ${count(longs.count)} points each.`}
        points={Math.max(lines.length * longs.count, MANY)}
        isZoomable
        onBrush={onBrush}
      />
    </Figure>
  );
}

/** Always drawn on a canvas, on which its lines draw themselves. */
const MANY = 10_000;

/** So many steps a table holds: the latest. All of them are in the files that one can export. */
const MOST_ROWS = 200;

function tableOf(
  longs: Longs,
  lines: Long[],
  names: string[],
  show: (at: number) => string,
): FigureTable {
  const left = Math.max(0, longs.count - MOST_ROWS);
  const rows = Array.from({ length: longs.count - left }, (_, row) => {
    const place = longs.count - 1 - row;
    return [
      show(longs.start + place * longs.step),
      ...lines.map(({ owned, pyramid }) => {
        const value = pyramid.values[place] ?? Number.NaN;
        return valueText(Number.isNaN(value) ? null : value, owned.line.unit ?? null);
      }),
    ];
  });
  return { columns: [left ? `Time (the latest ${MOST_ROWS})` : "Time", ...names], rows };
}
