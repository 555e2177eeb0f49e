/** Times as the server writes them, on whole hours: it keeps profiles, rows and numbers by the hour. */

export const HOUR = 3_600_000;

export const iso = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;

/** The hour that a time is in: when it begins, or when it ends. */
export const hourOf = (at: number, isEnd = false): string =>
  iso((isEnd ? Math.ceil(at / HOUR) : Math.floor(at / HOUR)) * HOUR);

/** The whole hours of a range that was drawn. */
export const hoursOf = (from: number, to: number): { from: string; to: string } => ({
  from: hourOf(from),
  to: hourOf(to, true),
});
