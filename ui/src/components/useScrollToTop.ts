import { useLayoutEffect, useRef } from "react";

/** Starts at the top whenever another thing is shown on the same page. */
export function useScrollToTop(shown: string): void {
  const last = useRef<string>(undefined);
  useLayoutEffect(() => {
    // The effect returns nothing: browsers have begun to return a promise from scrollTo.
    if (last.current !== shown) window.scrollTo(0, 0);
    last.current = shown;
  }, [shown]);
}
