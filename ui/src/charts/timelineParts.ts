import type { Palette } from "../state/theme";
import type { TimelineEvent } from "./timeline";

/** What lies behind the line of a timeline: the reference's interval, and the time one looks at. */

interface Place {
  coordSys: { x: number; y: number; width: number; height: number };
}

interface Api {
  coord: (point: [number, number]) => [number, number];
}

const quiet = { type: "custom", silent: true, z: 0, clip: true, tooltip: { show: false } };

/** The reference's interval from edge to edge; nothing where it has none. */
export function referenceBand(
  reference: { low: number | null; high: number | null } | null | undefined,
  at: number,
  palette: Palette,
) {
  const { low, high } = reference ?? {};
  if (typeof low !== "number" || typeof high !== "number") return [];
  return [
    {
      ...quiet,
      encode: { x: 0, y: [1, 2] },
      data: [[at, low, high]],
      renderItem: (params: Place, api: Api) => {
        const [, top] = api.coord([at, high]);
        const [, bottom] = api.coord([at, low]);
        const { x, width } = params.coordSys;
        return {
          type: "rect",
          shape: { x, y: top, width, height: Math.max(1, bottom - top) },
          style: { fill: palette.reference, opacity: 0.22 },
        };
      },
    },
  ];
}

/** The time that is looked at, as a column through the whole chart. */
export function markedColumn(
  marked: [number, number] | null | undefined,
  low: number,
  palette: Palette,
) {
  if (!marked) return [];
  const [from, to] = marked;
  return [
    {
      ...quiet,
      encode: { x: 0, y: 1 },
      data: [[from, low]],
      renderItem: (params: Place, api: Api) => {
        const [left] = api.coord([from, low]);
        const [right] = api.coord([to, low]);
        const { x, y, width, height } = params.coordSys;
        const start = Math.max(x, Math.min(left, right));
        const end = Math.min(x + width, Math.max(left + 2, right));
        if (end <= start) return null;
        return {
          type: "rect",
          shape: { x: start, y, width: end - start, height },
          style: { fill: palette.second, opacity: 0.2 },
        };
      },
    },
  ];
}

export interface NamedEvent extends TimelineEvent {
  /** What stands beside the mark; nothing where there is no room for it. */
  label: string;
  align: "left" | "right";
}

/** The events inside a chart, in turn, each with its name where no other stands in its way. */
export function named(
  events: TimelineEvent[],
  extent: [number, number] | undefined,
  room: number,
): NamedEvent[] {
  const inside = events
    .filter(({ at }) => !extent || (at >= extent[0] && at <= extent[1]))
    .sort((left, right) => left.at - right.at);
  const start = extent?.[0] ?? inside[0]?.at ?? 0;
  const end = extent?.[1] ?? inside.at(-1)?.at ?? 1;
  const length = (end - start || 1) * room;
  let free = Number.NEGATIVE_INFINITY;
  return inside.map((event, place) => {
    const next = inside[place + 1]?.at ?? Number.POSITIVE_INFINITY;
    const isRoomAfter = Math.min(next, end) - event.at >= length && event.at >= free;
    const isRoomBefore = event.at - Math.max(free, start) >= length;
    const align = isRoomAfter || !isRoomBefore ? "left" : "right";
    const label = isRoomAfter || isRoomBefore ? event.name : "";
    free = label && align === "left" ? event.at + length : event.at;
    return { ...event, label, align };
  });
}
