import type { ReactNode } from "react";

const WHOLE = /(\d{4}-\d\d(?:-\d\d)?|[\d.,]*\d [%kMG](?![\p{L}]))/u;

/** A sentence in which no line ends inside a date or between a number and its unit. */
export function Prose({ text }: { text: string }): ReactNode {
  return text.split(WHOLE).map((part, place) =>
    place % 2 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: parts of one sentence never move.
      <span className="whole" key={place}>
        {part}
      </span>
    ) : (
      part
    ),
  );
}
