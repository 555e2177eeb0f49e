import { type RefObject, useLayoutEffect, useRef } from "react";
import type { EChartsType } from "../charts/echarts";
import { RESTS } from "../charts/moving";

/** Ctrl and the wheel zoom, Shift moves; a plain drag stays the choice of a range. */
const ALL = {
  type: "inside",
  // The plot cuts the lines; their values are not looked through at every move.
  filterMode: "none",
  zoomOnMouseWheel: "ctrl",
  moveOnMouseMove: "shift",
  moveOnMouseWheel: "shift",
  throttle: 0,
  start: 0,
  end: 100,
};

/** What is seen of a chart that one moves and zooms in; new data leave it as it is. */
export function useZoom(
  holder: RefObject<HTMLElement | null>,
  chart: RefObject<EChartsType | null>,
  isOn: boolean,
  renderer: string,
): RefObject<typeof ALL> {
  const zoom = useRef(ALL);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another renderer is another chart.
  useLayoutEffect(() => {
    const made = chart.current;
    const place = holder.current;
    if (!isOn || !made || !place) return;
    let rest: ReturnType<typeof setTimeout> | undefined;
    made.on("datazoom", (event) => {
      const [seen] = (event as { batch?: { start?: number; end?: number }[] }).batch ?? [
        event as { start?: number; end?: number },
      ];
      const { start = 0, end = 100 } = seen ?? {};
      const isMoved = start !== zoom.current.start || end !== zoom.current.end;
      zoom.current = { ...zoom.current, start, end };
      if (!isMoved) return;
      clearTimeout(rest);
      rest = setTimeout(() => made.dispatchAction({ type: "dataZoom", start, end }), 2 * RESTS);
    });
    const reset = () => made.dispatchAction({ type: "dataZoom", start: 0, end: 100 });
    // On a Mac people zoom with the other key.
    const wheel = (event: WheelEvent) => {
      if (!event.metaKey || event.ctrlKey) return;
      event.preventDefault();
      event.stopPropagation();
      const { deltaX, deltaY, deltaMode, clientX, clientY } = event;
      const like = { deltaX, deltaY, deltaMode, clientX, clientY, bubbles: true, cancelable: true };
      event.target?.dispatchEvent(new WheelEvent("wheel", { ...like, ctrlKey: true }));
    };
    place.addEventListener("dblclick", reset);
    place.addEventListener("wheel", wheel, { capture: true, passive: false });
    return () => {
      clearTimeout(rest);
      place.removeEventListener("dblclick", reset);
      place.removeEventListener("wheel", wheel, { capture: true });
    };
  }, [holder, chart, isOn, renderer]);
  return zoom;
}
