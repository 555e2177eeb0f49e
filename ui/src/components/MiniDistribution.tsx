import type { ReactNode } from "react";
import type { CategoriesDistribution, Distribution, EdgesDistribution } from "../api/document";
import { heights, outsideBars, stepPath } from "../lib/outline";

interface Props {
  distribution: Distribution | null | undefined;
  width: number;
  height: number;
  /** With missing, new and out-of-range rows as bars at the right. */
  hasOutside?: boolean;
}

const CATEGORIES = 12;

/** Both distributions in little: reference filled grey, current as a line or bar in the accent. */
export function MiniDistribution({
  distribution,
  width,
  height,
  hasOutside = false,
}: Props): ReactNode {
  if (!distribution) return <span className="faint">–</span>;
  const outside = hasOutside
    ? outsideBars(distribution).filter((bar) => (bar.reference ?? 0) + (bar.current ?? 0) > 0)
    : [];
  const room = outside.length ? 8 + outside.length * 12 : 0;
  const inner = width - room;
  const top = Math.max(
    1e-12,
    ...(distribution.kind === "categorical"
      ? [...distribution.reference, ...distribution.current]
      : [
          ...heights(distribution.edges, distribution.reference),
          ...heights(distribution.edges, distribution.current),
        ]),
  );
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      preserveAspectRatio="none"
      aria-hidden="true"
      style={{ maxWidth: "100%", display: "block" }}
    >
      {distribution.kind === "categorical" ? (
        <CategoryBars distribution={distribution} width={inner} height={height - 1} top={top} />
      ) : (
        <Outlines distribution={distribution} width={inner} height={height - 1} top={top} />
      )}
      {outside.map((bar, place) => (
        <g key={bar.label} transform={`translate(${inner + 8 + place * 12} 0)`}>
          <Bar
            x={0}
            width={4}
            share={bar.reference}
            height={height - 1}
            top={1}
            fill="var(--reference)"
          />
          <Bar
            x={4.5}
            width={4}
            share={bar.current}
            height={height - 1}
            top={1}
            fill="var(--accent)"
          />
        </g>
      ))}
      <path d={`M0 ${height - 0.5}H${width}`} stroke="var(--line-strong)" />
    </svg>
  );
}

interface Plot<T> {
  distribution: T;
  width: number;
  height: number;
  top: number;
}

function Outlines({ distribution, ...size }: Plot<EdgesDistribution>): ReactNode {
  const path = (shares: number[]) =>
    stepPath(distribution.edges, heights(distribution.edges, shares), size);
  return (
    <>
      <path
        d={path(distribution.reference)}
        fill="var(--reference)"
        fillOpacity="0.35"
        stroke="var(--reference)"
        strokeWidth="0.75"
      />
      <path
        d={path(distribution.current)}
        fill="none"
        stroke="var(--accent)"
        strokeWidth="1.5"
        vectorEffect="non-scaling-stroke"
      />
    </>
  );
}

function CategoryBars({
  distribution,
  width,
  height,
  top,
}: Plot<CategoriesDistribution>): ReactNode {
  const shown = distribution.categories.slice(0, CATEGORIES);
  const step = width / Math.max(shown.length, 3);
  const bar = Math.min(9, step * 0.4);
  return shown.map((category, place) => (
    <g key={category} transform={`translate(${place * step} 0)`}>
      <Bar
        x={0}
        width={bar}
        share={distribution.reference[place]}
        height={height}
        top={top}
        fill="var(--reference)"
      />
      <Bar
        x={bar}
        width={bar}
        share={distribution.current[place]}
        height={height}
        top={top}
        fill="var(--accent)"
      />
    </g>
  ));
}

function Bar(props: {
  x: number;
  width: number;
  share: number | null | undefined;
  height: number;
  top: number;
  fill: string;
}): ReactNode {
  const tall = ((props.share ?? 0) / props.top) * props.height;
  return (
    <rect x={props.x} width={props.width} y={props.height - tall} height={tall} fill={props.fill} />
  );
}
