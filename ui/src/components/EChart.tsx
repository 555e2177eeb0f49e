import { type ReactNode, useLayoutEffect, useRef } from "react";
import { connect, type EChartsCoreOption, type EChartsType, init } from "../charts/echarts";
import { type Palette, usePalette } from "../state/theme";

interface Props {
  /** Builds the chart from the colours of the theme; keep it stable between renders. */
  option: (palette: Palette) => EChartsCoreOption;
  height: number;
  /** The chart as a sentence, for those who do not see it. */
  label: string;
  /** Charts of one group point at the same place together. */
  group?: string;
  onPick?: (index: number) => void;
}

/** A drawn chart: it follows the theme and the width of its place. */
export function EChart({ option, height, label, group, onPick }: Props): ReactNode {
  const holder = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  const palette = usePalette();
  const pick = useRef(onPick);
  pick.current = onPick;

  useLayoutEffect(() => {
    if (!holder.current) return;
    const made = init(holder.current, null, { renderer: "svg" });
    chart.current = made;
    if (group) {
      made.group = group;
      connect(group);
    }
    made.on("click", (event) => {
      const data = (event as { data?: { index?: number } }).data;
      if (typeof data?.index === "number") pick.current?.(data.index);
    });
    const watcher = new ResizeObserver(() => made.resize());
    watcher.observe(holder.current);
    return () => {
      watcher.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, [group]);

  useLayoutEffect(() => {
    chart.current?.setOption(option(palette), { notMerge: true });
  }, [option, palette]);

  return <div ref={holder} className="chart" role="img" aria-label={label} style={{ height }} />;
}
