import { number, percent } from "../lib/format";
import { niceTop } from "../lib/scale";
import type { Palette } from "../state/theme";
import { axis, frame, tip } from "./base";

interface Share {
  value: number | null;
  low: number | null;
  high: number | null;
}

export interface DecisionCurves {
  thresholds: number[];
  precision: Share[];
  recall: Share[];
  f1: (number | null)[];
  /** The one that is looked at, and the model's own. */
  chosen: number;
  own: number;
}

const wide = { top: 26, bottom: 36, right: 18 };

function verticals(chosen: number, own: number, palette: Palette) {
  const line = (at: number, name: string, colour: string, type: string) => ({
    xAxis: at,
    lineStyle: { color: colour, type, width: 1.2 },
    label: { formatter: name, color: colour, fontSize: 10.5, position: "end", distance: 3 },
  });
  const isSame = Math.abs(chosen - own) < 0.02;
  return {
    silent: true,
    symbol: "none",
    animation: false,
    data: [
      ...(isSame ? [] : [line(own, "the model's", palette.reference, "dashed")]),
      line(chosen, number(chosen), palette.second, "solid"),
    ],
  };
}

const thresholdAxis = (palette: Palette) => ({
  ...axis(palette, { name: "threshold", min: 0, max: 1 }, "x"),
  interval: 0.2,
});

/** Precision, recall and F1 against the threshold. */
export function decisionOption(curves: DecisionCurves) {
  const { thresholds, precision, recall, f1 } = curves;
  const points = (values: (number | null)[]) => thresholds.map((at, place) => [at, values[place]]);
  return (palette: Palette) => {
    const line = (name: string, values: (number | null)[], colour: string, type = "solid") => ({
      type: "line",
      name,
      data: points(values),
      symbol: "none",
      lineStyle: { color: colour, width: 2, type },
      color: colour,
      emphasis: { disabled: true },
      endLabel: { show: false },
    });
    return {
      ...frame(palette, wide),
      tooltip: {
        ...frame(palette).tooltip,
        formatter: (params: { dataIndex: number }[]) => {
          const at = params[0]?.dataIndex ?? 0;
          return tip(`Threshold ${number(thresholds[at])}`, [
            { name: "precision", value: percent(precision[at]?.value) },
            { name: "recall", value: percent(recall[at]?.value) },
            { name: "F1", value: percent(f1[at]) },
          ]);
        },
      },
      xAxis: thresholdAxis(palette),
      yAxis: {
        ...axis(palette, { min: 0, max: 1, format: (value) => percent(value) }, "y"),
        interval: 0.25,
      },
      series: [
        {
          ...line(
            "precision",
            precision.map((each) => each.value),
            palette.accent,
          ),
          markLine: verticals(curves.chosen, curves.own, palette),
        },
        line(
          "recall",
          recall.map((each) => each.value),
          palette.hues[2] ?? palette.text,
        ),
        line("F1", f1, palette.faint, "dotted"),
      ],
    };
  };
}

/** What mistakes cost at each threshold. */
export function costOption(cost: {
  thresholds: number[];
  values: (number | null)[];
  chosen: number;
  own: number;
}) {
  const { thresholds, values, chosen, own } = cost;
  const top = niceTop(...values.filter((value) => value !== null));
  return (palette: Palette) => ({
    ...frame(palette, wide),
    tooltip: {
      ...frame(palette).tooltip,
      formatter: (params: { dataIndex: number }[]) => {
        const at = params[0]?.dataIndex ?? 0;
        return tip(`Threshold ${number(thresholds[at])}`, [
          { name: "cost of 1,000 rows", value: number(values[at]) },
        ]);
      },
    },
    xAxis: thresholdAxis(palette),
    yAxis: { ...axis(palette, { min: 0 }, "y"), max: top },
    series: [
      {
        type: "line",
        data: thresholds.map((at, place) => [at, values[place]]),
        symbol: "none",
        lineStyle: { color: palette.accent, width: 2 },
        emphasis: { disabled: true },
        markLine: verticals(chosen, own, palette),
      },
    ],
  });
}
