/** A long row of values in levels of ever longer pieces, so that any part of it is drawn quickly. */

/** The smallest and the largest of each piece; NaN in both where a piece has no value. */
interface Level {
  /** Values in a piece. */
  size: number;
  low: Float32Array;
  high: Float32Array;
}

export interface Pyramid {
  values: Float32Array;
  levels: Level[];
}

const FACTOR = 2;

/** Levels of 2, 4, 8 … values; gaps are NaN. */
export function pyramidOf(values: ArrayLike<number | null>): Pyramid {
  const own = Float32Array.from(values, (value) => value ?? Number.NaN);
  const levels: Level[] = [];
  let before: Level = { size: 1, low: own, high: own };
  while (before.low.length > FACTOR * 8) {
    before = coarser(before);
    levels.push(before);
  }
  return { values: own, levels };
}

function coarser({ size, low, high }: Level): Level {
  const length = Math.ceil(low.length / FACTOR);
  const next: Level = {
    size: size * FACTOR,
    low: new Float32Array(length).fill(Number.NaN),
    high: new Float32Array(length).fill(Number.NaN),
  };
  for (let place = 0; place < low.length; place++) {
    const [least, most] = [low[place] ?? Number.NaN, high[place] ?? Number.NaN];
    if (Number.isNaN(least)) continue;
    const piece = Math.floor(place / FACTOR);
    // A comparison with NaN is false, so the first value of a piece is always taken.
    if (!((next.low[piece] ?? 0) <= least)) next.low[piece] = least;
    if (!((next.high[piece] ?? 0) >= most)) next.high[piece] = most;
  }
  return next;
}

/** The level of which a part of the values has at most so many pieces, and no fewer than needed. */
export function levelFor(pyramid: Pyramid, length: number, pieces: number): Level {
  let found: Level = { size: 1, low: pyramid.values, high: pyramid.values };
  for (const level of pyramid.levels) {
    if (length / found.size <= pieces) break;
    found = level;
  }
  return found;
}

/** What draws lines; a canvas has it, and what ECharts gives a shape. */
export interface Pen {
  moveTo: (x: number, y: number) => void;
  lineTo: (x: number, y: number) => void;
}

/** Where a long row of values lies on a drawing: values at even distances, on straight scales. */
export interface Stretch {
  /** Where the first value stands, and how far the next is from it. */
  x: number;
  dx: number;
  /** Where zero stands, and how far one is from it. */
  y: number;
  dy: number;
  /** The first place that is seen, and the one after the last. */
  from: number;
  to: number;
  /** At most so many pieces. */
  pieces: number;
}

/** Draws a part of the values: through each, or up and down the range of each piece. */
export function trace(pen: Pen, pyramid: Pyramid, stretch: Stretch): void {
  const { x, dx, y, dy, from, to, pieces } = stretch;
  const { size, low, high } = levelFor(pyramid, to - from, pieces);
  const first = Math.max(0, Math.floor(from / size) - 1);
  const last = Math.min(low.length, Math.ceil(to / size) + 1);
  const middle = (size - 1) / 2;
  const end = pyramid.values.length - 1;
  let drawn = 0;
  let [before, height] = [0, 0];
  for (let piece = first; piece <= last; piece++) {
    const least = piece < last ? (low[piece] ?? Number.NaN) : Number.NaN;
    if (Number.isNaN(least)) {
      // A value alone between two gaps is a dot.
      if (drawn === 1) pen.lineTo(before + 1, height);
      drawn = 0;
      continue;
    }
    const most = high[piece] ?? least;
    const isUp = piece % 2 === 0;
    before = x + dx * Math.min(piece * size + middle, end);
    height = y + dy * (isUp ? least : most);
    if (drawn === 0) pen.moveTo(before, height);
    else pen.lineTo(before, height);
    drawn += 1;
    if (most === least) continue;
    height = y + dy * (isUp ? most : least);
    pen.lineTo(before, height);
    drawn += 1;
  }
}
