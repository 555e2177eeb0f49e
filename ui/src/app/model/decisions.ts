import type { Decided, DecidedShare } from "../../api/schema";

/** What a mistake costs, in any unit: a false alarm, and a case that was missed. */
export interface Costs {
  alarm: number;
  miss: number;
}

/** What one threshold decides. */
export interface Outcome {
  tp: number;
  fp: number;
  fn: number;
  tn: number;
  precision: DecidedShare | null;
  recall: DecidedShare | null;
  f1: number | null;
  accuracy: number | null;
  /** Share of all rows, labelled or not, that are decided positive. */
  flagged: number | null;
  /** For a thousand labelled rows. */
  cost: number | null;
}

export function outcomeAt(decided: Decided, place: number, costs: Costs): Outcome {
  const [tp = 0, fp = 0, fn = 0, tn = 0] = [decided.tp, decided.fp, decided.fn, decided.tn].map(
    (counts) => counts[place] ?? 0,
  );
  const { labelled, rows } = decided;
  return {
    tp,
    fp,
    fn,
    tn,
    precision: decided.precision[place] ?? null,
    recall: decided.recall[place] ?? null,
    f1: tp + fp + fn ? (2 * tp) / (2 * tp + fp + fn) : null,
    accuracy: labelled ? (tp + tn) / labelled : null,
    flagged: rows ? (decided.flagged[place] ?? 0) / rows : null,
    cost: labelled ? ((fp * costs.alarm + fn * costs.miss) / labelled) * 1000 : null,
  };
}

/** The place of the threshold next to a value. */
export function placeOf(thresholds: readonly number[], value: number): number {
  let best = 0;
  thresholds.forEach((each, place) => {
    if (Math.abs(each - value) < Math.abs((thresholds[best] ?? Number.POSITIVE_INFINITY) - value))
      best = place;
  });
  return best;
}

/** The place where something is largest; the first of several; null where it is never known. */
export function bestPlace(
  decided: Decided,
  score: (outcome: Outcome) => number | null,
  costs: Costs,
): number | null {
  let best: number | null = null;
  let top = Number.NEGATIVE_INFINITY;
  for (let place = 0; place < decided.tp.length; place++) {
    const found = score(outcomeAt(decided, place, costs));
    if (found !== null && found > top) [best, top] = [place, found];
  }
  return best;
}

/** A cost as it stands in the URL; 1 where there is none, never below zero. */
export function costOf(text: string): number {
  const value = Number(text);
  return text.trim() !== "" && Number.isFinite(value) && value >= 0 ? value : 1;
}
