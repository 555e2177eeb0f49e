import type { Palette } from "../state/theme";

export interface TipRow {
  name: string;
  value: string;
}

/** A tooltip as nodes: text from the data is set as text, so it can never become markup. */
export function tip(title: string, rows: TipRow[]): HTMLElement {
  const box = document.createElement("div");
  box.className = "tip";
  const head = document.createElement("b");
  head.textContent = title;
  if (title) box.append(head);
  for (const row of rows) {
    const line = document.createElement("div");
    line.className = "row";
    for (const text of [row.name, row.value]) {
      const cell = document.createElement("span");
      cell.textContent = text;
      line.append(cell);
    }
    box.append(line);
  }
  return box;
}

/** What all charts have in common. */
export function frame(
  palette: Palette,
  margins: Partial<Record<"left" | "right" | "top" | "bottom", number>> & {
    outerBoundsMode?: "none";
  } = {},
) {
  return {
    animation: false,
    textStyle: { fontFamily: palette.font, fontSize: 11.5, color: palette.soft },
    grid: {
      left: 8,
      right: 14,
      top: 14,
      bottom: 22,
      outerBoundsMode: "same",
      outerBoundsContain: "axisLabel",
      ...margins,
    },
    tooltip: {
      trigger: "axis",
      confine: true,
      transitionDuration: 0,
      padding: 0,
      borderWidth: 0,
      backgroundColor: "transparent",
      extraCssText: "box-shadow:none;z-index:40",
      axisPointer: { type: "line", lineStyle: { color: palette.strong, type: "solid", width: 1 } },
    },
  };
}

interface AxisOptions {
  name?: string;
  min?: number | "dataMin";
  max?: number | "dataMax";
  format?: (value: number) => string;
  isGrid?: boolean;
  /** The ends are no round numbers and get no label. */
  isRagged?: boolean;
  isScaled?: boolean;
  splits?: number;
}

/** A value axis, named with its unit. */
export function axis(palette: Palette, options: AxisOptions, place: "x" | "y") {
  return {
    type: "value",
    name: options.name,
    nameMoveOverlap: false,
    nameLocation: place === "x" ? "middle" : "end",
    nameGap: place === "x" ? 24 : 6,
    nameTextStyle: {
      color: palette.faint,
      align: place === "x" ? "center" : "left",
      padding: place === "y" ? [0, 0, 0, -22] : 0,
    },
    min: options.min,
    max: options.max,
    scale: options.isScaled ?? false,
    splitNumber: options.splits ?? 4,
    axisLabel: {
      color: palette.faint,
      formatter: options.format,
      hideOverlap: true,
      ...(options.isRagged ? { showMinLabel: false, showMaxLabel: false } : {}),
    },
    axisLine: {
      show: place === "x",
      // The name and the labels of a vertical axis stand at the left, wherever zero is.
      onZero: place === "x",
      lineStyle: { color: palette.strong },
    },
    axisTick: { show: false },
    splitLine: { show: options.isGrid ?? place === "y", lineStyle: { color: palette.line } },
  };
}
