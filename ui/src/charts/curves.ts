import type { CalibrationBin, Sides } from "../api/document";
import { count, interval, number } from "../lib/format";
import { tickFormat } from "../lib/scale";
import type { Palette } from "../state/theme";
import { axis, frame, tip } from "./base";

interface Titles {
  x: string;
  y: string;
  /** The diagonal: chance for ROC, perfection for calibration; none for precision and recall. */
  diagonal?: string;
}

const unit = tickFormat(0.1);

function diagonal(palette: Palette, label: string) {
  return {
    type: "line",
    silent: true,
    symbol: "none",
    data: [
      [0, 0],
      [1, 1],
    ],
    lineStyle: { color: palette.strong, width: 1, type: "dashed" },
    endLabel: { show: false },
    tooltip: { show: false },
    markLine: undefined,
    name: label,
  };
}

function base(palette: Palette, titles: Titles) {
  return {
    ...frame(palette, { top: 26, bottom: 36, right: 18 }),
    xAxis: {
      ...axis(palette, { name: titles.x, min: 0, max: 1, format: unit }, "x"),
      interval: 0.2,
    },
    yAxis: {
      ...axis(palette, { name: titles.y, min: 0, max: 1, format: unit }, "y"),
      interval: 0.2,
    },
  };
}

/** ROC or precision against recall, both sides over each other. */
export function curveOption(
  curves: Sides<[number, number][]>,
  titles: Titles,
  names: Sides<string>,
) {
  return (palette: Palette) => ({
    ...base(palette, titles),
    tooltip: {
      ...frame(palette).tooltip,
      formatter: (params: { seriesId: string; data: [number, number] }[]) =>
        tip(
          `${titles.x} ${number(params[0]?.data[0])}`,
          params
            .filter((each) => each.seriesId === "reference" || each.seriesId === "current")
            .map((each) => ({
              name: names[each.seriesId as "reference" | "current"] ?? "",
              value: `${titles.y} ${number(each.data[1])}`,
            })),
        ),
    },
    series: [
      ...(titles.diagonal ? [diagonal(palette, titles.diagonal)] : []),
      side("reference", curves.reference, palette.reference),
      side("current", curves.current, palette.accent),
    ],
  });
}

function side(id: string, data: [number, number][] | null, colour: string) {
  return {
    id,
    type: "line",
    data: data ?? [],
    symbol: "none",
    lineStyle: { color: colour, width: 2 },
    itemStyle: { color: colour },
    emphasis: { disabled: true },
  };
}

/** Rows below this make a hollow mark: the rate is then hardly known. */
export const FEW = 30;

/** Mean score against observed rate, with the rate's interval. */
export function calibrationOption(
  curves: Sides<CalibrationBin[]>,
  titles: Titles,
  names: Sides<string>,
) {
  return (palette: Palette) => ({
    ...base(palette, titles),
    tooltip: {
      ...frame(palette).tooltip,
      trigger: "item",
      formatter: (param: { data: { bin?: CalibrationBin; side?: "reference" | "current" } }) => {
        const { bin, side: which } = param.data;
        if (!bin || !which) return "";
        return tip(`${names[which] ?? which}, score ${number(bin.low)} to ${number(bin.high)}`, [
          { name: titles.x, value: number(bin.mean_score) },
          { name: titles.y, value: number(bin.rate) },
          { name: "interval", value: interval(bin.rate_low, bin.rate_high) || "–" },
          { name: "rows", value: count(bin.n) },
        ]);
      },
    },
    series: [
      diagonal(palette, titles.diagonal ?? ""),
      ...calibrationSide("reference", curves.reference, palette.reference, palette),
      ...calibrationSide("current", curves.current, palette.accent, palette),
    ],
  });
}

function calibrationSide(
  which: "reference" | "current",
  bins: CalibrationBin[] | null,
  colour: string,
  palette: Palette,
) {
  const drawn = (bins ?? []).filter(
    (bin) => bin.n > 0 && bin.rate !== null && bin.mean_score !== null,
  );
  return [
    {
      type: "line",
      symbolSize: 8,
      symbol: "circle",
      lineStyle: { color: colour, width: 1.6 },
      emphasis: { disabled: true },
      data: drawn.map((bin) => ({
        value: [bin.mean_score, bin.rate],
        bin,
        side: which,
        itemStyle: {
          color: bin.n < FEW ? palette.paper : colour,
          borderColor: colour,
          borderWidth: 1.6,
        },
      })),
    },
    whiskers(
      drawn.map((bin) => [bin.mean_score, bin.rate_low, bin.rate_high]),
      colour,
    ),
  ];
}

interface CustomApi {
  value: (dimension: number) => number;
  coord: (point: [number, number]) => [number, number];
}

/** Vertical intervals: x, low, high. */
export function whiskers(data: (number | null)[][], colour: string) {
  return {
    type: "custom",
    silent: true,
    z: 1,
    data: data.filter((item) => item.every((value) => value !== null)),
    encode: { x: 0, y: [1, 2] },
    renderItem: (_params: unknown, api: CustomApi) => {
      const [x1, y1] = api.coord([api.value(0), api.value(1)]);
      const [x2, y2] = api.coord([api.value(0), api.value(2)]);
      return {
        type: "line",
        shape: { x1, y1, x2, y2 },
        style: { stroke: colour, lineWidth: 1.4, opacity: 0.8 },
      };
    },
  };
}
