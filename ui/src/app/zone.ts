import { useChoice } from "../state/route";

/** UTC, or that of the browser. */
export type Zone = "UTC" | "local";

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: Zone, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone}${JSON.stringify(options)}`;
  let found = formatters.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat("en-GB", {
      ...options,
      ...(zone === "UTC" ? { timeZone: "UTC" } : {}),
    });
    formatters.set(key, found);
  }
  return found;
}

/** The zone of all times of the page, and what changes it. */
export function useZone(): [Zone, (zone: Zone) => void] {
  const [value, choose] = useChoice("zone");
  return [value === "local" ? "local" : "UTC", (zone) => choose(zone === "UTC" ? "" : zone)];
}

/** '3 Jun 2013, 14:05'; the zone stands in the bar. */
export function moment(iso: string | null | undefined, zone: Zone): string {
  const at = iso ? new Date(iso) : null;
  if (!at || Number.isNaN(at.getTime())) return "–";
  return formatter(zone, {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  }).format(at);
}

/** '3 Jun 2013' where a time is midnight, else with the time. */
export function edge(iso: string, zone: Zone): string {
  const text = moment(iso, zone);
  return text.endsWith(", 00:00") ? text.slice(0, -7) : text;
}

export const zoneName = (zone: Zone): string =>
  zone === "UTC" ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone;

const STEPS: [number, string][] = [
  [86_400, "d"],
  [3600, "h"],
  [60, "min"],
  [1, "s"],
];

/** '2 h 14 min', '3 d 4 h', '45 s'. */
export function duration(seconds: number | null | undefined): string {
  if (typeof seconds !== "number" || !Number.isFinite(seconds)) return "–";
  if (seconds < 1) return seconds <= 0 ? "0 s" : `${Math.round(seconds * 1000)} ms`;
  let left = Math.round(seconds);
  const parts: string[] = [];
  for (const [size, unit] of STEPS) {
    const amount = Math.floor(left / size);
    if (amount) parts.push(`${amount} ${unit}`);
    else if (parts.length) break;
    left -= amount * size;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}

/** '5 min ago', 'in 2 h'. */
export function relative(iso: string | null | undefined, now: number): string {
  const at = iso ? Date.parse(iso) : Number.NaN;
  if (Number.isNaN(at)) return "never";
  const seconds = (now - at) / 1000;
  if (Math.abs(seconds) < 5) return "now";
  if (seconds > 400 * 86_400) return `${(seconds / (365.25 * 86_400)).toFixed(1)} years ago`;
  const text = duration(Math.abs(seconds)).split(" ").slice(0, 2).join(" ");
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}
