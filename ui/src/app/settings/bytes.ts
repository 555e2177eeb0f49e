import { number } from "../../lib/format";

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** '1.42 MB', by thousands. */
export function bytes(size: number | null | undefined): string {
  if (typeof size !== "number") return "–";
  const place = size < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(size) / 3));
  return `${number(size / 1000 ** place)} ${UNITS[place]}`;
}
