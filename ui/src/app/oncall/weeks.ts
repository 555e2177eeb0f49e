/** Shifts and gaps laid out over weeks. */

import type { ScheduleShown } from "../../api/schema";

const DAY = 86_400_000;

export interface Bar {
  /** Null: nobody is on call. */
  user: string | null;
  start: number;
  end: number;
  layer: string;
  /** Shares of the week, 0 to 1. */
  left: number;
  width: number;
}

/** The Monday, midnight of UTC or of the browser, at or before a time. */
export function mondayBefore(at: number, isLocal: boolean): number {
  const date = new Date(at);
  if (isLocal) {
    date.setHours(0, 0, 0, 0);
    date.setDate(date.getDate() - ((date.getDay() + 6) % 7));
  } else {
    date.setUTCHours(0, 0, 0, 0);
    date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
  }
  return date.getTime();
}

/** The Mondays of so many weeks; of the browser's zone where its clocks change, too. */
export function weeksFrom(at: number, count: number, isLocal: boolean): number[] {
  const first = mondayBefore(at, isLocal);
  return Array.from({ length: count }, (_, week) =>
    mondayBefore(first + week * 7 * DAY + DAY / 2, isLocal),
  );
}

/** What of a schedule lies in a week. */
export function barsOf(schedule: ScheduleShown, start: number, end: number): Bar[] {
  const length = end - start;
  const bar = (user: string | null, from: string, to: string, layer: string): Bar => {
    const [left, right] = [Math.max(start, Date.parse(from)), Math.min(end, Date.parse(to))];
    return {
      user,
      start: Date.parse(from),
      end: Date.parse(to),
      layer,
      left: (left - start) / length,
      width: (right - left) / length,
    };
  };
  return [
    ...schedule.shifts.map((shift) => bar(shift.user, shift.start, shift.end, shift.layer)),
    ...schedule.gaps.map((gap) => bar(null, gap.start, gap.end, "")),
  ]
    .filter((each) => each.width > 0)
    .sort((a, b) => a.left - b.left);
}

/** Each change of who is on call, in order. */
export function handovers(
  schedule: ScheduleShown,
): { at: string; from: string | null; to: string | null }[] {
  const spans = [
    ...schedule.shifts.map((shift) => ({ ...shift, user: shift.user as string | null })),
    ...schedule.gaps.map((gap) => ({ ...gap, user: null as string | null })),
  ].sort((a, b) => a.start.localeCompare(b.start));
  return spans
    .slice(1)
    .map((span, place) => ({ at: span.start, from: spans[place]?.user ?? null, to: span.user }))
    .filter((each) => each.from !== each.to);
}
