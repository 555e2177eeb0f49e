import { useLayoutEffect, useState } from "react";

/** Whether the table in a place is no wider than it; one that is must scroll there, not the page. */
export function useFits(holder: HTMLElement | null): boolean {
  const [fits, setFits] = useState(true);
  useLayoutEffect(() => {
    const table = holder?.querySelector("table");
    if (!holder || !table || typeof ResizeObserver === "undefined") return;
    const look = () => setFits(table.offsetWidth <= holder.clientWidth + 1);
    const watcher = new ResizeObserver(look);
    watcher.observe(holder);
    watcher.observe(table);
    look();
    return () => watcher.disconnect();
  }, [holder]);
  return fits;
}
