import type { ReactNode } from "react";
import type { ComparisonDocument, Summary } from "../../api/document";
import { Mark, Shape, VerdictMark } from "../../components/Mark";
import { count, percent } from "../../lib/format";
import { readStatus } from "../../lib/words";

/** The finding in words and numbers, as a colleague would write it. */
export function SummarySection({ document }: { document: ComparisonDocument }): ReactNode {
  const { summary, performance } = document;
  return (
    <section className="summary" id="summary">
      <Finding summary={summary} />
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

/** Headline, sentences and warnings; the sentence that repeats the headline is left out. */
export function Finding({ summary }: { summary: Summary }): ReactNode {
  const sentences = summary.sentences.filter((text) => text !== summary.headline);
  return (
    <>
      <VerdictMark verdict={summary.verdict} />
      {summary.status ? (
        <span className="soft">
          {" "}
          · checks <Mark reading={readStatus(summary.status)} />
        </span>
      ) : null}
      <h1>{summary.headline}</h1>
      <div className="story">
        {sentences.map((text) => (
          <p key={text}>{text}</p>
        ))}
      </div>
      {summary.warnings.map((text) => (
        <p className="note" key={text}>
          <Shape tone="warn" />
          <span>
            <span className="hidden-visually">Warning: </span>
            {text}
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
