import type { Palette } from "../state/theme";
import type { TimelineEvent } from "./timeline";
import { named } from "./timelineParts";

/** Marks at the foot of the chart: a triangle for an alert, a diamond for a change. */
export function eventSeries(
  all: TimelineEvent[],
  palette: Palette,
  extent?: [number, number],
  room = 0.3,
) {
  const events = named(all, extent, room);
  if (events.length === 0) return [];
  return [
    {
      type: "line",
      silent: true,
      data: [],
      tooltip: { show: false },
      markLine: {
        silent: true,
        symbol: ["none", "none"],
        animation: false,
        data: events.map((event) => ({
          xAxis: event.at,
          lineStyle: {
            color: event.kind === "alert" ? palette.fail : palette.second,
            type: "dotted",
            width: 1.2,
          },
          label: {
            formatter:
              event.align === "right"
                ? `${cut(event.label)} ${sign(event)}`
                : `${sign(event)} ${cut(event.label)}`,
            color: event.kind === "alert" ? palette.fail : palette.second,
            position: "insideEndTop",
            rotate: 0,
            align: event.align,
            fontSize: 10.5,
          },
        })),
      },
    },
  ];
}

const sign = ({ kind }: TimelineEvent): string => (kind === "alert" ? "▲" : "◆");

export const cut = (text: string): string => (text.length > 22 ? `${text.slice(0, 21)}…` : text);
