import { useQueries, useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import type { ComparisonDocument } from "../../api/document";
import type { Line, Series } from "../../api/schema";
import { Section, Sub } from "../../components/Section";
import { number } from "../../lib/format";
import { capital, metricTitle } from "../../lib/words";
import { SegmentsSection } from "../../pages/comparison/Segments";
import { useChoice } from "../../state/route";
import { ask } from "../data/queries";
import { Failed, Nothing, Skeleton } from "../shell/states";
import { useEvents } from "./events";
import { Finding } from "./Finding";
import type { Shown } from "./ModelPage";
import { useReferences } from "./PerformancePart";
import { askModel } from "./queries";
import { OfReport } from "./ReportParts";
import { SegmentTable } from "./SegmentTable";
import { SeriesFigure } from "./SeriesFigure";
import { StepOfPage } from "./SeriesFigures";
import { metricsOf, segmentFinding, segmentRows } from "./segments";
import { stepOf } from "./steps";

const MOST = 24;

/** For whom the model is bad: every segment, the worst first. */
export function SegmentsPart(shown: Shown): ReactNode {
  const { model, segment } = shown;
  if (Object.keys(model.segments).length === 0) {
    return (
      <Nothing title="No segments are measured">
        <p>
          Name columns in the model file, such as <code>segments: [origin]</code>, and apply it:{" "}
          <code>watchkeeper apply -f model.yaml</code>. Each value then has its own performance and
          drift.
        </p>
      </Nothing>
    );
  }
  if (segment) {
    return (
      <Nothing title="One segment is chosen">
        <p>Choose all rows above to see the segments beside each other.</p>
      </Nothing>
    );
  }
  return (
    <>
      <OfReport shown={shown} what="Segments">
        {(document) => <Worst shown={shown} document={document} />}
      </OfReport>
      <DriftWithin shown={shown} />
    </>
  );
}

function Worst({ shown, document }: { shown: Shown; document: ComparisonDocument }): ReactNode {
  const segments = document.performance?.segments;
  const overall = document.performance?.metrics ?? {};
  const names = useMemo(() => metricsOf(segments ?? {}, overall), [segments, overall]);
  const [choice, choose] = useChoice("metric");
  const name = names.includes(choice) ? choice : (names[0] ?? "");
  const rows = useMemo(() => segmentRows(segments ?? {}, name), [segments, name]);
  if (!segments || rows.length === 0) {
    return (
      <Nothing title="Not enough data to tell the segments apart">
        <p>
          Performance by segment needs labelled rows in this range. It is shown as soon as the first
          labels come; drift within each segment stands below.
        </p>
      </Nothing>
    );
  }
  return (
    <>
      <Finding text={segmentFinding(rows, name, overall[name]?.value ?? null)} />
      <Section
        id="segments"
        title="Worst first"
        lead="With 95 % intervals; a hollow dot is the reference."
        aside={
          <label className="step-choice soft">
            Metric{" "}
            <select value={name} onChange={(event) => choose(event.target.value)}>
              {names.map((each) => (
                <option key={each} value={each}>
                  {capital(metricTitle(each))}
                </option>
              ))}
            </select>
          </label>
        }
      >
        <SegmentTable rows={rows} name={name} />
      </Section>
      <OverTime shown={shown} metric={name} />
    </>
  );
}

/** The metric in every segment, on small charts of one scale each column. */
function OverTime({ shown, metric }: { shown: Shown; metric: string }): ReactNode {
  const { model, window, version } = shown;
  const [chosen] = useChoice("step");
  const step = chosen || stepOf(window, model);
  const columns = Object.keys(model.segments);
  const found = useQueries({
    queries: columns.map((column) =>
      ask.series(model.name, { metric, window, version, segment: `${column}:*`, step }),
    ),
  });
  const reference = useReferences(shown)[metric] ?? null;
  const events = useEvents(model.name, window);
  return (
    <Section
      id="segments-over-time"
      title={`${capital(metricTitle(metric))} over time`}
      lead={`Charts of one column share a scale; the line is the reference of all rows, ${number(reference?.value)}.`}
      aside={<StepOfPage shown={shown} />}
    >
      {columns.map((column, place) => {
        const series = found[place]?.data;
        if (!series) {
          return found[place]?.isPending ? (
            <Skeleton key={column} height={180} />
          ) : (
            <Failed key={column} error={found[place]?.error} what={`Segments by ${column}`} />
          );
        }
        return (
          <Sub key={column} title={column}>
            <Small series={series} reference={reference} events={events} />
          </Sub>
        );
      })}
    </Section>
  );
}

function Small(props: {
  series: Series;
  reference: Parameters<typeof SeriesFigure>[0]["reference"];
  events: NonNullable<Parameters<typeof SeriesFigure>[0]["events"]>;
}): ReactNode {
  const { series, reference, events } = props;
  const lines = useMemo(
    () => series.series.filter((line) => line.points.some((point) => point.value !== null)),
    [series],
  );
  const alsoHolds = useMemo(() => lines.flatMap(ends), [lines]);
  return (
    <div className="grid three">
      {lines.slice(0, MOST).map((line) => (
        <SeriesFigure
          key={line.segment}
          line={line}
          series={series}
          reference={reference ?? null}
          events={events}
          title={<bdi>{line.segment?.split(":").slice(1).join(":")}</bdi>}
          height={130}
          alsoHolds={alsoHolds}
        />
      ))}
      {lines.length > MOST ? <p className="faint">and {lines.length - MOST} more</p> : null}
    </div>
  );
}

const ends = (line: Line): number[] =>
  line.points.flatMap((point) =>
    [point.value, point.low, point.high].filter((value) => typeof value === "number"),
  );

function DriftWithin({ shown }: { shown: Shown }): ReactNode {
  const { model, window, version } = shown;
  const found = useQuery({
    ...askModel.report(model.name, { window, version }),
    enabled: model.reference !== null,
  });
  if (found.isPending) return <Skeleton height={160} label="Loading drift within segments" />;
  const document = found.data as unknown as ComparisonDocument | undefined;
  return document ? <SegmentsSection drift={document.drift} title="Drift within segments" /> : null;
}
