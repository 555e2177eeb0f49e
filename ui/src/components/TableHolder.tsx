import { type ReactNode, useState } from "react";
import { useFits } from "./useFits";

/** What lets the keyboard scroll a place that is wider than there is room for. */
export const scrolled = (fits: boolean, label: string) =>
  fits ? {} : { tabIndex: 0, role: "group", "aria-label": label };

/** A table that scrolls sideways where it has too little room. */
export function TableHolder({ label, children }: { label: string; children: ReactNode }) {
  const [holder, setHolder] = useState<HTMLElement | null>(null);
  const fits = useFits(holder);
  return (
    <div className="table-holder" ref={setHolder} {...scrolled(fits, label)}>
      {children}
    </div>
  );
}
