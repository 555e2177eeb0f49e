import type { ReactNode } from "react";
import type { Num } from "../api/document";

interface BarProps {
  value: Num;
  low: Num;
  high: Num;
  /** Where the scale ends; it starts at zero. */
  top: number;
  /** The effect that is still harmless, drawn as a line. */
  tolerance?: number | undefined;
  isLoud: boolean;
}

const WIDTH = 180;

/** An effect from zero with its interval, and the tolerance as a dashed line. */
export function EffectBar({ value, low, high, top, tolerance, isLoud }: BarProps): ReactNode {
  const x = (amount: number) => Math.max(0, Math.min(1, amount / (top || 1))) * (WIDTH - 2) + 1;
  return (
    <svg width={WIDTH} height="18" viewBox={`0 0 ${WIDTH} 18`} aria-hidden="true">
      {value === null ? null : (
        <rect
          x="1"
          y="5"
          width={Math.max(1, x(value) - 1)}
          height="8"
          fill={isLoud ? "var(--accent)" : "var(--reference)"}
          opacity={isLoud ? 1 : 0.75}
        />
      )}
      {low === null || high === null ? null : (
        <path
          d={`M${x(low)} 9H${x(high)}M${x(low)} 6.5v5M${x(high)} 6.5v5`}
          stroke="var(--text)"
          strokeWidth="1.2"
          fill="none"
        />
      )}
      {tolerance === undefined ? null : (
        <path d={`M${x(tolerance)} 0V18`} stroke="var(--text-faint)" strokeDasharray="2 2" />
      )}
    </svg>
  );
}

interface Point {
  value: Num;
  low: Num;
  high: Num;
}

/** Reference above, current below, each a dot on its interval; on a scale of their own. */
export function DotIntervals({
  reference,
  current,
}: {
  reference: Point | null;
  current: Point;
}): ReactNode {
  const numbers = [
    reference?.value,
    reference?.low,
    reference?.high,
    current.value,
    current.low,
    current.high,
  ].filter((value): value is number => typeof value === "number" && Number.isFinite(value));
  if (numbers.length === 0) return null;
  const start = Math.min(...numbers);
  const span = Math.max(...numbers) - start;
  const x = (value: number) => 7 + (span ? (value - start) / span : 0.5) * (WIDTH - 14);
  const row = (point: Point | null, y: number, colour: string, isHollow: boolean) =>
    point === null || point.value === null ? null : (
      <g stroke={colour} strokeWidth="1.6">
        {point.low === null || point.high === null ? null : (
          <path d={`M${x(point.low)} ${y}H${x(point.high)}`} />
        )}
        <circle cx={x(point.value)} cy={y} r="3.2" fill={isHollow ? "var(--paper)" : colour} />
      </g>
    );
  return (
    <svg width={WIDTH} height="22" viewBox={`0 0 ${WIDTH} 22`} aria-hidden="true">
      {row(reference, 6, "var(--reference)", true)}
      {row(current, 16, "var(--accent)", false)}
    </svg>
  );
}
