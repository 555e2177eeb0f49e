/** Axes that end at round numbers. */

/** The next step of 1, 2 or 5 times a power of ten that is no smaller than `size`. */
export function niceStep(size: number): number {
  if (!(size > 0) || !Number.isFinite(size)) return 1;
  const power = 10 ** Math.floor(Math.log10(size));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= size * (1 - 1e-9)) ?? 10;
  return Number((step * power).toPrecision(12));
}

/** The end of a scale that starts at zero and holds all values. */
export function niceTop(...values: number[]): number {
  const top = values.reduce((most, value) => Math.max(most, value), 0);
  const step = niceStep(top / 5);
  return Number((Math.ceil(top / step - 1e-9) * step).toPrecision(12));
}

export interface Domain {
  min: number;
  max: number;
  interval: number;
}

export interface Limits {
  floor?: number;
  ceiling?: number;
  isFromZero?: boolean;
}

/** A round range around the values, never beyond the limits; a flat line gets room around it. */
export function niceDomain(values: number[], limits: Limits = {}, splits = 3): Domain {
  const known = values.filter(Number.isFinite);
  const { floor = Number.NEGATIVE_INFINITY, ceiling = Number.POSITIVE_INFINITY } = limits;
  if (known.length === 0) return { min: 0, max: 1, interval: 0.5 };
  let low = known.reduce((a, b) => Math.min(a, b));
  let high = known.reduce((a, b) => Math.max(a, b));
  if (limits.isFromZero) low = Math.min(0, low);
  if (high - low < Math.abs(high) * 1e-6 || high === low) {
    const room = Math.abs(high) * 0.05 || 0.05;
    if (!limits.isFromZero) low -= room;
    high += room;
  }
  const interval = niceStep((high - low) / splits);
  const round = (value: number) => Number(value.toPrecision(12));
  return {
    min: Math.max(floor, round(Math.floor(low / interval + 1e-9) * interval)),
    max: Math.min(ceiling, round(Math.ceil(high / interval - 1e-9) * interval)),
    interval,
  };
}

/** How the ticks of an axis are written, and what a round step is a multiple of. */
export interface Ticks {
  scale: number;
  format: (value: number) => string;
}

/** A round range in the unit of the ticks, such as whole hours of values in seconds. */
export function tickDomain(values: number[], limits: Limits, scale: number): Domain {
  if (scale === 1) return niceDomain(values, limits);
  const { min, max, interval } = niceDomain(
    values.map((value) => value / scale),
    limits,
  );
  return { min: min * scale, max: max * scale, interval: interval * scale };
}

/** Shows ticks with as many decimals as their step needs. */
export function tickFormat(interval: number): (value: number) => string {
  const decimals = Math.min(8, Math.max(0, -Math.floor(Math.log10(interval) + 1e-9)));
  return (value) => value.toFixed(decimals).replace("-", "\u2212");
}
