import { type ReactNode, useMemo } from "react";
import { type ConditionChart, conditionOption } from "../../charts/condition";
import { EChart } from "../../components/EChart";
import { Figure } from "../../components/Figure";
import { count, interval } from "../../lib/format";
import type { Compared } from "../alerts/ask";
import { inUnit, isAge, measureOf } from "../alerts/words";
import { ticksOf } from "../units";
import { moment, useZone } from "../zone";

interface Props {
  points: Compared;
  /** When it fired, in milliseconds since 1970; null: it still does. */
  firings: [number, number | null][];
  title?: ReactNode;
  note?: ReactNode;
  events?: { at: number; name: string }[];
  height?: number;
  onBrush?: (from: number, to: number) => void;
}

/** A condition over time: what was compared, the limit, and when it fired. */
export function ConditionFigure(props: Props): ReactNode {
  const { points, firings, title, note, events, height = 240, onBrush } = props;
  const [zone] = useZone();
  const chart = useMemo((): ConditionChart => {
    const at = points.at.map((seconds) => seconds * 1000);
    const last = at.at(-1) ?? 0;
    return {
      title: measureOf(points),
      at,
      value: points.value,
      low: points.low,
      high: points.high,
      limit: points.limit,
      rows: points.rows,
      firings: firings.map(([from, to]) => [from, to ?? last]),
      events: (events ?? []).filter((event) => event.at >= (at[0] ?? 0) && event.at <= last),
      show: inUnit(points.unit),
      ticks: points.unit === "s" ? ticksOf("s") : undefined,
      isOfRows: !isAge(points),
      showTime: (time) => moment(new Date(time).toISOString(), zone),
      isShare: points.unit === "share",
      isLocal: zone === "local",
    };
  }, [points, firings, events, zone]);
  const option = useMemo(() => conditionOption(chart), [chart]);
  const fired = firings.length === 1 ? "once" : `${firings.length} times`;
  return (
    <Figure title={title ?? chart.title} note={note} table={() => tableOf(chart)}>
      <EChart
        option={option}
        height={height}
        label={`${chart.title} with its limit over ${chart.at.length} hours; it fired ${fired}.`}
        {...(onBrush ? { onBrush } : {})}
      />
    </Figure>
  );
}

const MOST_ROWS = 500;

function tableOf(chart: ConditionChart) {
  const show = (value: number | null | undefined) =>
    typeof value === "number" ? chart.show(value) : "–";
  const first = Math.max(0, chart.at.length - MOST_ROWS);
  const rows = chart.at.slice(first).map((at, offset) => {
    const place = first + offset;
    return [
      chart.showTime(at),
      show(chart.value[place]),
      interval(chart.low[place], chart.high[place], show) || "–",
      show(chart.limit[place]),
      ...(chart.isOfRows ? [count(chart.rows[place])] : []),
    ];
  });
  const columns = ["At", chart.title, "Interval", "Limit", ...(chart.isOfRows ? ["Rows"] : [])];
  return { columns, rows: rows.reverse() };
}
