import type { ReactNode } from "react";

/** A name from the data: isolated, so that right-to-left text keeps its place, and cut when long. */
export function Name({ text, full = false }: { text: string; full?: boolean }): ReactNode {
  const shown = text.trim() === "" ? `'${text}'` : text;
  return (
    <bdi className={full ? undefined : "ellipsis"} title={full ? undefined : text}>
      {shown}
    </bdi>
  );
}
