import type { EdgesDistribution } from "../api/document";
import { instant, number, percent, setting } from "../lib/format";
import { heights, isEven } from "../lib/outline";
import type { Palette } from "../state/theme";
import { axis, frame, tip } from "./base";

/** How an edge reads: a time, a length, a number. */
export function edgeText(
  distribution: Pick<EdgesDistribution, "kind" | "edges">,
): (edge: number) => string {
  const { kind, edges } = distribution;
  if (kind !== "datetime") return (edge) => number(edge);
  const span = (edges.at(-1) ?? 0) - (edges[0] ?? 0);
  return (edge) => instant(edge, span);
}

interface Named {
  name: string;
  unit?: string;
  sides: { reference: string; current: string };
}

/** Reference and current laid over each other as steps on common edges. */
export function distributionOption(distribution: EdgesDistribution, named: Named) {
  const { edges, reference, current } = distribution;
  const text = edgeText(distribution);
  const even = isEven(edges);
  const corners = (shares: number[]) => {
    const tall = heights(edges, shares);
    return edges.map((edge, place) => [edge, tall[Math.min(place, tall.length - 1)] ?? 0]);
  };
  return (palette: Palette) => ({
    ...frame(palette, { left: 8, right: 16, top: 26, bottom: 34 }),
    tooltip: {
      ...frame(palette).tooltip,
      formatter: (params: { dataIndex: number }[]) => {
        const place = Math.min(params[0]?.dataIndex ?? 0, reference.length - 1);
        return tip(`${text(edges[place] ?? 0)} to ${text(edges[place + 1] ?? 0)}`, [
          { name: named.sides.reference, value: percent(reference[place]) },
          { name: named.sides.current, value: percent(current[place]) },
        ]);
      },
    },
    xAxis: axis(
      palette,
      {
        name: named.name,
        min: edges[0] ?? 0,
        max: edges.at(-1) ?? 1,
        format: (edge) => (distribution.kind === "datetime" ? text(edge) : setting(edge)),
        isRagged: true,
      },
      "x",
    ),
    yAxis: axis(
      palette,
      {
        name: even ? "share of rows per bin" : "share of rows per mean bin width",
        min: 0,
        format: percent,
      },
      "y",
    ),
    series: [
      line("reference", corners(reference), palette.reference, 1.2, 0.28),
      line("current", corners(current), palette.accent, 2, 0.08),
    ],
  });
}

function line(name: string, data: number[][], colour: string, width: number, fill: number) {
  return {
    name,
    type: "line",
    step: "end",
    data,
    symbol: "none",
    silent: true,
    lineStyle: { color: colour, width },
    areaStyle: { color: colour, opacity: fill },
    itemStyle: { color: colour },
    emphasis: { disabled: true },
  };
}
