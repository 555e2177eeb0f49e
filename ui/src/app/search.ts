/** What the address holds beside the path: text alone, so that version "1" stays text. */

export type Search = Record<string, string>;

/** What is carried from page to page; all else belongs to one page. */
export const SHARED = ["window", "from", "to", "version", "segment", "zone"] as const;

/** A name that comes more than once holds all its values, a line each. */
export function parseSearch(text: string): Search {
  const query = new URLSearchParams(text);
  return Object.fromEntries([...query.keys()].map((name) => [name, query.getAll(name).join("\n")]));
}

export function formatSearch(search: Record<string, unknown>): string {
  const pairs = Object.entries(search).filter(
    (pair): pair is [string, string] => typeof pair[1] === "string" && pair[1] !== "",
  );
  const each = pairs.flatMap(([name, value]) => value.split("\n").map((line) => [name, line]));
  const text = new URLSearchParams(each).toString();
  return text ? `?${text}` : "";
}

/** What a link to another page takes along. */
export function carried(search: Search): Search {
  return Object.fromEntries(
    SHARED.filter((name) => search[name]).map((name) => [name, search[name] ?? ""]),
  );
}

/** The server's words for the range that an address names; null where it names none. */
export function windowOf(search: Search): string | null {
  if (search.from && search.to) return `${search.from}..${search.to}`;
  return search.window || null;
}

export const RANGES: { value: string; label: string }[] = [
  { value: "6h", label: "Last 6 hours" },
  { value: "24h", label: "Last 24 hours" },
  { value: "7d", label: "Last 7 days" },
  { value: "30d", label: "Last 30 days" },
  { value: "90d", label: "Last 90 days" },
  { value: "365d", label: "Last 365 days" },
];

const SPAN = /^(\d+)(h|d|mo)$/;
const UNITS: Record<string, string> = { h: "hour", d: "day", mo: "month" };

/** A range in words: 'last 7 days', 'last 30 days with data', '3 Jun 2013 to 10 Jun 2013'. */
export function rangeWords(window: string, show: (iso: string) => string): string {
  const [from, to] = window.split("..");
  if (from !== undefined && to !== undefined) return `${show(from)} to ${show(to)}`;
  if (window === "all") return "all data";
  const isLatest = window.startsWith("latest:");
  const found = SPAN.exec(window.replace("latest:", ""));
  if (!found) return window;
  const amount = Number(found[1]);
  const unit = UNITS[found[2] ?? ""] ?? "";
  const length = amount === 1 ? unit : `${amount} ${unit}s`;
  return isLatest ? `last ${length} with data` : `last ${length}`;
}
