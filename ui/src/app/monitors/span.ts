/** Ranges in the server's words as start and end, for what asks for both. */

import { HOUR, iso } from "../hours";

const UNITS: Record<string, number> = { h: HOUR, d: 24 * HOUR, w: 168 * HOUR, mo: 730 * HOUR };

/** 'START..END' of a range, on whole hours: 'all', '7d', 'latest:30d', or a pair already. */
export function spanOf(
  window: string,
  model: { first_event?: string | null; last_event?: string | null },
  now: number,
): string {
  if (window.includes("..")) return window;
  const last = Date.parse(model.last_event ?? "") || now;
  const first = Date.parse(model.first_event ?? "") || last - 7 * (UNITS.d ?? HOUR);
  const isLatest = window.startsWith("latest:");
  const end = Math.ceil((isLatest || window === "all" ? last : now) / HOUR) * HOUR;
  const found = /(\d+)(h|d|w|mo)$/.exec(window);
  const length = found ? Number(found[1]) * (UNITS[found[2] ?? ""] ?? HOUR) : end - first;
  const start = Math.floor((end - Math.max(HOUR, length)) / HOUR) * HOUR;
  return `${iso(start)}..${iso(end)}`;
}
