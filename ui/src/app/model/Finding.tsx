import type { ReactNode } from "react";
import { Prose } from "../../components/Prose";

/** What a page says first, in one sentence from the numbers below it. */
export function Finding({ text, note }: { text: string; note?: string }): ReactNode {
  if (!text) return null;
  return (
    <section className="summary finding">
      <h1>
        <Prose text={text} />
      </h1>
      {note ? <p className="soft">{note}</p> : null}
    </section>
  );
}
