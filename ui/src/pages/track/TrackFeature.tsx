import { type ReactNode, useMemo } from "react";
import type { TrackColumn, TrackDocument } from "../../api/document";
import type { Timeline } from "../../charts/timeline";
import { Link } from "../../components/Link";
import { Name } from "../../components/Name";
import { Empty, Sub } from "../../components/Section";
import { useScrollToTop } from "../../components/useScrollToTop";
import { counted, percent } from "../../lib/format";
import { capital, metricTitle, plainWord } from "../../lib/words";
import { TimelineFigure } from "./Timelines";

/** One column over time: its effect, every measure, its missing values. */
export function TrackFeature({
  document,
  name,
}: {
  document: TrackDocument;
  name: string;
}): ReactNode {
  const column = document.drift[name];
  useScrollToTop(name);
  return (
    <article className="feature">
      <nav className="crumbs" aria-label="Way back">
        <Link to={{ path: ["drift"], query: {} }}>Drift</Link>
        <span aria-hidden="true">/</span>
        <span>column</span>
      </nav>
      <h1>
        <Name text={name} full />
      </h1>
      {column ? (
        <Body document={document} column={column} />
      ) : (
        <Empty>This track has no column of that name.</Empty>
      )}
    </article>
  );
}

function Body({ document, column }: { document: TrackDocument; column: TrackColumn }): ReactNode {
  const { effect, measures } = useMemo(() => timelinesOf(document, column), [document, column]);
  const drifted = column.verdicts.filter((verdict) => verdict === "drifted").length;
  const judged = column.verdicts.filter(
    (verdict) => verdict === "drifted" || verdict === "stable",
  ).length;
  return (
    <>
      <p className="facts">
        <span>
          {column.kind}, {plainWord(column.role)}
        </span>
        <span>
          drifted in <b>{drifted}</b> of {counted(judged, "window")} with enough data
        </span>
      </p>
      <Sub title="Effect over time">
        <TimelineFigure timeline={effect} height={240} />
      </Sub>
      <div className="sub grid three">
        {measures.map((timeline) => (
          <TimelineFigure key={timeline.title} timeline={timeline} height={130} />
        ))}
      </div>
    </>
  );
}

function timelinesOf(
  document: TrackDocument,
  column: TrackColumn,
): { effect: Timeline; measures: Timeline[] } {
  const { windows, tolerance } = document;
  const points = column.effect.map((value, place) => ({
    value,
    low: column.low?.[place] ?? null,
    high: column.high?.[place] ?? null,
  }));
  const threshold =
    tolerance === undefined || tolerance === null ? null : { value: tolerance, label: "tolerance" };
  const measures = Object.entries(column.metrics)
    .filter(([, values]) => values.some((value) => value !== null))
    .map(
      ([name, values]): Timeline => ({
        title: capital(metricTitle(name)),
        windows,
        points: values.map((value) => ({ value })),
      }),
    );
  const missing: Timeline[] = column.missing
    ? [
        {
          title: "Missing",
          windows,
          points: column.missing.map((value) => ({ value })),
          format: percent,
          isFromZero: true,
        },
      ]
    : [];
  return {
    effect: { title: "Effect", windows, points, threshold, isFromZero: true },
    measures: [...missing, ...measures],
  };
}
