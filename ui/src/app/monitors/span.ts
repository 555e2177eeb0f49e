/** Ranges in the server's words as start and end, for what asks for both. */

const HOUR = 3_600_000;
const UNITS: Record<string, number> = { h: HOUR, d: 24 * HOUR, w: 168 * HOUR, mo: 730 * HOUR };

export const iso = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;

/** A range that was drawn, on whole hours: so the server keeps its numbers. */
export const drawn = (from: number, to: number): { from: string; to: string } => ({
  from: iso(Math.floor(from / HOUR) * HOUR),
  to: iso(Math.ceil(to / HOUR) * HOUR),
});

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

/** The two ends of 'START..END' in milliseconds. */
export function endsOf(span: string): [number, number] {
  const [start = "", end = ""] = span.split("..");
  return [Date.parse(start), Date.parse(end)];
}
