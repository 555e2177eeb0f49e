import { type RefObject, useEffect, useState } from "react";

const HEIGHT = 32;
const WHOLE_BELOW = 150;
const MARGIN = 30;

/** The range of rows worth drawing, and the height of one; all of them in short tables and print. */
export function useVisibleRows(
  body: RefObject<HTMLElement | null>,
  total: number,
  height = HEIGHT,
  wholeBelow = WHOLE_BELOW,
): [number, number, number] {
  const [range, setRange] = useState<[number, number]>([0, MARGIN]);
  const isLong = total > wholeBelow;
  useEffect(() => {
    if (!isLong) return;
    const measure = () => {
      const top = body.current?.getBoundingClientRect().top ?? 0;
      const first = Math.max(0, Math.floor(-top / height) - MARGIN);
      const last = Math.ceil((innerHeight - top) / height) + MARGIN;
      // Steps of ten rows, so that scrolling does not draw at every pixel.
      const next: [number, number] = [Math.floor(first / 10) * 10, Math.ceil(last / 10) * 10];
      setRange((old) => (old[0] === next[0] && old[1] === next[1] ? old : next));
    };
    const whole = () => setRange([0, Number.MAX_SAFE_INTEGER]);
    measure();
    addEventListener("scroll", measure, { passive: true });
    addEventListener("resize", measure);
    addEventListener("beforeprint", whole);
    addEventListener("afterprint", measure);
    return () => {
      removeEventListener("scroll", measure);
      removeEventListener("resize", measure);
      removeEventListener("beforeprint", whole);
      removeEventListener("afterprint", measure);
    };
  }, [isLong, height, body]);
  if (!isLong) return [0, total, height];
  const last = Math.min(total, Math.max(range[1], 1));
  return [Math.min(range[0], Math.max(0, total - 1)), last, height];
}
