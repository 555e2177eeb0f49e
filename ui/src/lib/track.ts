import type { TrackColumn, TrackDocument } from "../api/document";

export interface HeatRow {
  name: string;
  column: TrackColumn;
  /** The largest effect of any window; null where none could be measured. */
  top: number | null;
}

/** The columns in the document's order of effect; what the ranking forgot comes last. */
export function heatRows(document: Pick<TrackDocument, "drift" | "ranking">): HeatRow[] {
  const names = [...new Set([...document.ranking, ...Object.keys(document.drift)])];
  return names.flatMap((name) => {
    const column = document.drift[name];
    if (!column) return [];
    const known = column.effect.filter((value): value is number => value !== null);
    return [{ name, column, top: known.length ? known.reduce((a, b) => Math.max(a, b)) : null }];
  });
}

/** Where the colour scale ends: the largest effect, and never below twice the tolerance. */
export function heatTop(rows: HeatRow[], tolerance: number): number {
  return rows.reduce((top, row) => Math.max(top, row.top ?? 0), tolerance * 2);
}

/** A file beside the report or below it, else null: data can neither run a script nor lead away. */
export function safeLink(link: string | null | undefined): string | null {
  // The characters that browsers drop from an address could hide a scheme, so they are not allowed.
  return link && /^[\p{L}\p{N}_.-][\p{L}\p{N}_.()+ -]*(\/[\p{L}\p{N}_.()+ -]+)*$/u.test(link)
    ? link
    : null;
}
