import type { ReactNode } from "react";
import { percent } from "../lib/format";
import { Name } from "./Name";

export interface PairBar {
  label: string;
  reference: number | null;
  current: number | null;
  /** Missing, new, out of range: drawn hatched and set apart. */
  isMarked?: boolean;
}

/** Two bars a row, reference above current, with their shares. */
export function PairBars({ bars, label }: { bars: PairBar[]; label: string }): ReactNode {
  const top = Math.max(1e-12, ...bars.flatMap((bar) => [bar.reference ?? 0, bar.current ?? 0]));
  const width = (share: number | null) => `${((share ?? 0) / top) * 100}%`;
  return (
    <ul className="pairs" aria-label={label}>
      {bars.map((bar, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two categories may read the same once shown.
        <li key={place} className={bar.isMarked ? "marked" : undefined}>
          <span className="label">
            <Name text={bar.label} />
          </span>
          <span className="bars" aria-hidden="true">
            <i style={{ width: width(bar.reference) }} />
            <i className="current" style={{ width: width(bar.current) }} />
          </span>
          <span className="numbers">
            {percent(bar.reference)} → <b>{percent(bar.current)}</b>
          </span>
        </li>
      ))}
    </ul>
  );
}
