import type { ReactNode } from "react";

/** What stays on the screen while what was asked for instead is on its way. */
export function Busy({ when, children }: { when: boolean; children: ReactNode }): ReactNode {
  return (
    <div className={when ? "busy" : undefined} aria-busy={when}>
      {children}
    </div>
  );
}
