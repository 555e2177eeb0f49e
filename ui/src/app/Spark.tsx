import type { ReactNode } from "react";
import type { Line, Span } from "../api/schema";

const WIDTH = 60;
const HEIGHT = 22;

/** A line without axes, for a table; the numbers stand beside it. A gap is a gap. */
export function Spark(props: {
  line: Line | undefined;
  stepS: number;
  window: Span;
  fromZero?: boolean;
  reference?: number | null;
}): ReactNode {
  const { line, stepS, window, fromZero, reference } = props;
  const start = Date.parse(window.start);
  const length = Date.parse(window.end) - start;
  const points = (line?.points ?? [])
    .filter((point) => typeof point.value === "number")
    .map((point): [number, number] => [Date.parse(point.start), point.value ?? 0]);
  if (points.length < 2 || length <= 0)
    return <svg width={WIDTH} height={HEIGHT} aria-hidden="true" />;
  const values = [
    ...points.map((point) => point[1]),
    ...(typeof reference === "number" ? [reference] : []),
  ];
  const low = fromZero ? 0 : Math.min(...values);
  const high = Math.max(...values);
  const x = (at: number) => 1 + ((at - start) / length) * (WIDTH - 2);
  const y = (value: number) => HEIGHT - 2 - ((value - low) / (high - low || 1)) * (HEIGHT - 4);
  let path = "";
  let before = Number.NEGATIVE_INFINITY;
  for (const [at, value] of points) {
    const isGap = at - before > stepS * 1500;
    path += `${isGap ? "M" : "L"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    before = at;
  }
  return (
    <svg
      className="spark"
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      aria-hidden="true"
    >
      {typeof reference === "number" ? (
        <line className="spark-reference" x1="0" x2={WIDTH} y1={y(reference)} y2={y(reference)} />
      ) : null}
      <path d={path} fill="none" />
    </svg>
  );
}
