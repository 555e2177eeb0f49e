import type { ReactNode } from "react";
import type { Change, Status, Verdict } from "../api/document";
import { type Reading, readStatus, readVerdict, type Tone } from "../lib/words";

const SHAPES: Record<Tone, ReactNode> = {
  fail: <path d="M6 1 11 10.5H1Z" fill="currentColor" />,
  warn: <path d="M6 .8 11.2 6 6 11.2.8 6Z" fill="none" stroke="currentColor" strokeWidth="1.6" />,
  pass: <circle cx="6" cy="6" r="3.6" fill="currentColor" />,
  none: (
    <circle
      cx="6"
      cy="6"
      r="4.2"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeDasharray="2.2 1.8"
    />
  ),
};

/** A shape for a tone: triangle, diamond, disc, dashed ring. */
export function Shape({ tone }: { tone: Tone }): ReactNode {
  return (
    <svg className={`tone-${tone}`} width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
      {SHAPES[tone]}
    </svg>
  );
}

/** A shape and its word. */
export function Mark({ reading }: { reading: Reading }): ReactNode {
  return (
    <span className={`mark tone-${reading.tone}`}>
      <Shape tone={reading.tone} />
      <span className="word">{reading.word}</span>
    </span>
  );
}

/** The verdict on a column or a data set. */
export function VerdictMark(props: {
  verdict?: Verdict | null;
  change?: Change | null;
}): ReactNode {
  return <Mark reading={readVerdict(props.verdict, props.change)} />;
}

/** The status of a check. */
export function StatusMark({ status }: { status?: Status | null | undefined }): ReactNode {
  return <Mark reading={readStatus(status)} />;
}
