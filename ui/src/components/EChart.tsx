import { type ReactNode, type RefObject, useEffect, useLayoutEffect, useRef } from "react";
import { connect, type EChartsCoreOption, type EChartsType, init } from "../charts/echarts";
import { type Palette, usePalette } from "../state/theme";
import { useZoom } from "./useZoom";

interface Props {
  /** Builds the chart from the colours of the theme; keep it stable between renders. */
  option: (palette: Palette) => EChartsCoreOption;
  height: number;
  /** The chart as a sentence, for those who do not see it. */
  label: string;
  /** Charts of one group point at the same place together. */
  group?: string;
  onPick?: (index: number) => void;
  /** A place of the time axis that was clicked, in milliseconds since 1970. */
  onPickAt?: (at: number) => void;
  /** How many points it draws; many need a canvas, which `charts/canvas` brings along. */
  points?: number;
  /** Whether the wheel and Shift move and zoom within it; needs `charts/canvas`, too. */
  isZoomable?: boolean;
  /** A range of the time axis that was drawn with the pointer, in milliseconds since 1970. */
  onBrush?: (from: number, to: number) => void;
}

/** From so many points on a picture of nodes is slower than one of pixels. */
const MANY = 5_000;

/** A drawn chart: it follows the theme and the width of its place. */
export function EChart(props: Props): ReactNode {
  const { option, height, label, group, onPick, onPickAt, onBrush, isZoomable = false } = props;
  const renderer = (props.points ?? 0) > MANY ? "canvas" : "svg";
  const holder = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  const palette = usePalette();
  const pick = useRef(onPick);
  pick.current = onPick;
  const pickAt = useRef(onPickAt);
  pickAt.current = onPickAt;

  useLayoutEffect(() => {
    if (!holder.current) return;
    const made = init(holder.current, null, { renderer });
    chart.current = made;
    if (group) {
      made.group = group;
      connect(group);
    }
    made.on("click", (event) => {
      const data = (event as { data?: { index?: number } }).data;
      if (typeof data?.index === "number") pick.current?.(data.index);
    });
    made.getZr().on("click", ({ offsetX, offsetY }) => {
      if (!pickAt.current || !made.containPixel({ gridIndex: 0 }, [offsetX, offsetY])) return;
      const at = Number(made.convertFromPixel({ xAxisIndex: 0 }, offsetX));
      if (Number.isFinite(at)) pickAt.current(at);
    });
    const watcher = new ResizeObserver(() => made.resize());
    watcher.observe(holder.current);
    return () => {
      watcher.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, [group, renderer]);

  const zoom = useZoom(holder, chart, isZoomable, renderer);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another renderer is another chart.
  useLayoutEffect(() => {
    const made = { ...option(palette), ...(isZoomable ? { dataZoom: [zoom.current] } : {}) };
    chart.current?.setOption(made, { notMerge: true });
  }, [option, palette, isZoomable, zoom, renderer]);

  useBrush(holder, chart, onBrush);

  return <div ref={holder} className="chart" role="img" aria-label={label} style={{ height }} />;
}

const LEAST = 6;

/** Lets the pointer draw a range over the time axis; the chart stays as it is under it. */
function useBrush(
  holder: RefObject<HTMLDivElement | null>,
  chart: RefObject<EChartsType | null>,
  onBrush: Props["onBrush"],
): void {
  const brush = useRef(onBrush);
  brush.current = onBrush;
  const isOn = onBrush !== undefined;
  useEffect(() => {
    const place = holder.current;
    if (!place || !isOn) return;
    const shade = document.createElement("div");
    shade.className = "brush";
    let start: number | null = null;
    const x = (event: PointerEvent) => event.clientX - place.getBoundingClientRect().left;
    const draw = (from: number, to: number) => {
      shade.style.left = `${Math.min(from, to)}px`;
      shade.style.width = `${Math.abs(to - from)}px`;
    };
    const down = (event: PointerEvent) => {
      // On a screen that is touched a drag scrolls the page; with Shift it moves what is seen.
      if (event.button !== 0 || event.pointerType === "touch" || event.shiftKey) return;
      start = x(event);
    };
    const move = (event: PointerEvent) => {
      if (start === null || Math.abs(x(event) - start) < LEAST) return;
      if (!shade.isConnected) {
        place.append(shade);
        place.setPointerCapture(event.pointerId);
      }
      draw(start, x(event));
    };
    const up = (event: PointerEvent) => {
      const [from, to] = [start, x(event)];
      const isDrawn = shade.isConnected;
      start = null;
      shade.remove();
      if (from === null || !isDrawn) return;
      const at = [from, to].map((each) =>
        Number(chart.current?.convertFromPixel({ xAxisIndex: 0 }, each)),
      );
      if (at.every(Number.isFinite)) brush.current?.(Math.min(...at), Math.max(...at));
    };
    place.addEventListener("pointerdown", down);
    place.addEventListener("pointermove", move);
    place.addEventListener("pointerup", up);
    return () => {
      place.removeEventListener("pointerdown", down);
      place.removeEventListener("pointermove", move);
      place.removeEventListener("pointerup", up);
    };
  }, [holder, chart, isOn]);
}
