import { type ReactNode, useId, useMemo, useRef } from "react";
import type { Compared } from "../alerts/ask";
import { inUnit } from "../alerts/words";
import { scaleOf, thresholdIn } from "./threshold";

/** The number that the condition compares with, to be moved by hand. */
export function ThresholdBar(props: {
  expr: string;
  /** Where it is being moved to; null while it rests. */
  value: number | null;
  points: Compared | null;
  onMove: (value: number) => void;
}): ReactNode {
  const { expr, value, points, onMove } = props;
  const id = useId();
  const threshold = useMemo(() => thresholdIn(expr), [expr]);
  // The ends hold still while the number is being moved: only another history moves them.
  const held = useRef<{ points: Compared | null; scale: ReturnType<typeof scaleOf> } | null>(null);
  if (threshold && (held.current === null || held.current.points !== points)) {
    held.current = { points, scale: scaleOf(threshold, points) };
  }
  const scale = held.current?.scale;
  if (!threshold || !scale) return null;
  const shown = value ?? threshold.value;
  const unit = threshold.isFactor ? "" : (points?.unit ?? "");
  const words = unit && unit !== "count" ? inUnit(unit)(shown) : "";
  return (
    <div className="threshold">
      <label htmlFor={id}>{threshold.isFactor ? "Factor" : "Threshold"}</label>
      <input
        id={id}
        type="range"
        min={Math.min(scale.min, shown)}
        max={Math.max(scale.max, shown)}
        step={scale.step}
        value={shown}
        aria-valuetext={words || String(shown)}
        onChange={(event) => onMove(Number(event.target.value))}
      />
      <input
        type="number"
        aria-label="Threshold as a number"
        step={scale.step}
        value={shown}
        onChange={(event) => {
          if (event.target.value !== "") onMove(Number(event.target.value));
        }}
      />
      <span className="soft">{words}</span>
    </div>
  );
}
