import type { CategoriesDistribution, EdgesDistribution, Pair } from "../api/document";

/** Whether all bins are as wide as each other, so that their shares can be compared by height. */
export function isEven(edges: readonly number[]): boolean {
  const first = (edges[1] ?? 0) - (edges[0] ?? 0);
  return edges.every((edge, place) => {
    const next = edges[place + 1];
    return next === undefined || Math.abs(next - edge - first) <= 0.01 * Math.abs(first);
  });
}

/** Heights of an outline: shares where bins are even, else shares per mean bin width. */
export function heights(edges: readonly number[], shares: readonly number[]): number[] {
  if (isEven(edges)) return [...shares];
  const mean = ((edges.at(-1) ?? 0) - (edges[0] ?? 0)) / Math.max(1, shares.length);
  return shares.map((share, place) => {
    const width = (edges[place + 1] ?? 0) - (edges[place] ?? 0);
    return width > 0 ? (share * mean) / width : 0;
  });
}

/** Corners of a stepped outline on [0, width] × [0, height], y growing downwards. */
export function stepPath(
  edges: readonly number[],
  values: readonly number[],
  size: { width: number; height: number; top: number },
): string {
  const start = edges[0] ?? 0;
  const span = (edges.at(-1) ?? 0) - start || 1;
  const x = (edge: number) => round(((edge - start) / span) * size.width);
  const y = (value: number) => round(size.height - (value / (size.top || 1)) * size.height);
  const steps = values.map((value, place) => `V${y(value)}H${x(edges[place + 1] ?? start + span)}`);
  return `M0 ${size.height}${steps.join("")}V${size.height}`;
}

const round = (value: number): number => Math.round(value * 100) / 100;

export interface OutsideBar {
  label: string;
  reference: number | null;
  current: number | null;
  isMarked: boolean;
}

/** What lies beside the bins or the categories: missing, out of range, new; only what occurs. */
export function outsideBars(
  distribution: EdgesDistribution | CategoriesDistribution,
): OutsideBar[] {
  const bar = (label: string, pair: Pair | undefined, always: boolean): OutsideBar[] => {
    const [reference, current] = pair ?? [null, null];
    const isThere = (reference ?? 0) > 0 || (current ?? 0) > 0;
    return pair && (isThere || always) ? [{ label, reference, current, isMarked: true }] : [];
  };
  if (distribution.kind === "categorical") {
    return [
      ...bar("new categories", distribution.new, false),
      ...bar("missing", distribution.missing, true),
    ];
  }
  return [
    ...bar("below the range", distribution.below, false),
    ...bar("above the range", distribution.above, false),
    ...bar("missing", distribution.missing, true),
  ];
}
