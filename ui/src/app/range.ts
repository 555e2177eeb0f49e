import { type Search, windowOf } from "./search";

const DEFAULT = "7d";
const OLD = 7 * 86_400_000;

/** The range that an address shows; where nothing came of late and none is named, the last with data. */
export function rangeOf(
  query: Search,
  last: string | null,
  preferred?: string | null,
): { window: string; isChosen: boolean; isStale: boolean } {
  const chosen = windowOf(query);
  const isOld = last !== null && Date.now() - Date.parse(last) > OLD;
  return {
    window: chosen ?? (isOld ? `latest:${preferred ?? "30d"}` : (preferred ?? DEFAULT)),
    isChosen: chosen !== null,
    isStale: chosen === null && isOld,
  };
}
