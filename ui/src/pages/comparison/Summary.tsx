import { type ReactNode, useState } from "react";
import type { ComparisonDocument, Summary } from "../../api/document";
import { Mark, Shape, VerdictMark } from "../../components/Mark";
import { Prose } from "../../components/Prose";
import { count, percent } from "../../lib/format";
import { ended } from "../../lib/words";

/** The finding in words and numbers, as a colleague would write it. */
export function SummarySection({
  document,
  atOnce,
}: {
  document: ComparisonDocument;
  /** Sentences that are read at once. */
  atOnce?: number;
}): ReactNode {
  const { summary, performance } = document;
  return (
    <section className="summary" id="summary">
      <Finding summary={summary} {...(atOnce === undefined ? {} : { atOnce })} />
      <dl className="tallies">
        {summary.checks ? <CheckTally checks={summary.checks} /> : null}
        {summary.drift ? <DriftTally drift={summary.drift} /> : null}
        {performance?.coverage ? (
          <div>
            <dt>Labelled</dt>
            <dd>
              {percent(performance.coverage.current)} of current,{" "}
              {percent(performance.coverage.reference)} of reference rows
            </dd>
          </div>
        ) : null}
      </dl>
    </section>
  );
}

/** Sentences that are read at once; more are one press away. */
const STORY = 6;

/** Headline, sentences and warnings; the sentence that repeats the headline is left out. */
export function Finding({
  summary,
  atOnce = STORY,
}: {
  summary: Summary;
  atOnce?: number;
}): ReactNode {
  const [isWhole, setWhole] = useState(false);
  const sentences = summary.sentences.filter((text) => text !== summary.headline);
  const shown = isWhole || sentences.length <= atOnce + 1 ? sentences.length : atOnce;
  return (
    <>
      <VerdictMark verdict={summary.verdict} />
      <h1>
        <Prose text={summary.headline} />
      </h1>
      <div className="story">
        {sentences.map((text, place) => (
          <p key={text} className={place < shown ? undefined : "print-only"}>
            <Prose text={ended(text)} />
          </p>
        ))}
        {shown < sentences.length ? (
          <button type="button" className="text-button more" onClick={() => setWhole(true)}>
            Show {sentences.length - shown} more findings
          </button>
        ) : null}
      </div>
      {summary.warnings.map((text) => (
        <p className="note" key={text}>
          <Shape tone="warn" />
          <span>
            <span className="hidden-visually">Warning: </span>
            <Prose text={ended(text)} />
          </span>
        </p>
      ))}
    </>
  );
}

function CheckTally({ checks }: { checks: NonNullable<Summary["checks"]> }): ReactNode {
  return (
    <div>
      <dt>Checks</dt>
      <Tally tone="fail" amount={checks.failed} word="failed" />
      <Tally tone="warn" amount={checks.warned} word="warned" />
      <Tally tone="pass" amount={checks.passed} word="passed" />
      <Tally tone="none" amount={checks.not_enough_data} word="without enough data" />
    </div>
  );
}

function DriftTally({ drift }: { drift: NonNullable<Summary["drift"]> }): ReactNode {
  return (
    <div>
      <dt>{count(drift.columns)} columns</dt>
      <Tally tone="fail" amount={drift.drifted} word="drifted" />
      <Tally tone="pass" amount={drift.stable} word="stable" />
      <Tally tone="none" amount={drift.not_enough_data} word="without enough data" />
    </div>
  );
}

function Tally(props: {
  tone: "fail" | "warn" | "pass" | "none";
  amount: number;
  word: string;
}): ReactNode {
  if (!props.amount) return null;
  return (
    <dd>
      <Mark reading={{ tone: props.tone, word: `${count(props.amount)} ${props.word}` }} />
    </dd>
  );
}
