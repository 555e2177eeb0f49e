import { useQuery } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useMemo } from "react";
import type { Line, Series } from "../../api/schema";
import type { TimelineEvent } from "../../charts/timeline";
import { Section } from "../../components/Section";
import { useChoice } from "../../state/route";
import { ask } from "../data/queries";
import { load } from "../load";
import { Failed, Nothing, Skeleton } from "../shell/states";
import { useLooked } from "./at";
import { Busy } from "./Busy";
import { useEvents } from "./events";
import { LookedAt } from "./Looked";
import type { Shown } from "./ModelPage";
import { type Reference, saidAt, titleOf } from "./points";
import { STEPS, stepOf } from "./steps";

const SeriesFigure = lazy(async () => ({
  default: (await load(() => import("./SeriesFigure"))).SeriesFigure,
}));

interface Props {
  shown: Shown;
  title: string;
  metrics: string[];
  column?: string;
  /** A metric over the reference, where it is known. */
  references?: Record<string, Reference>;
  /** Without what was clicked, where another part of the page says it. */
  isQuiet?: boolean;
}

/** Metrics over time, a chart each; the charts point at the same time together. */
export function SeriesFigures(props: Props): ReactNode {
  const { shown, title, metrics, column, references } = props;
  const { model, window, version, segment } = shown;
  const [chosen, chooseStep] = useChoice("step");
  const step = chosen || stepOf(window, model);
  const found = useQuery({
    ...ask.series(model.name, { metric: metrics, column, window, version, segment, step }),
    enabled: metrics.length > 0,
  });
  const events = useEvents(model.name, window);
  if (metrics.length === 0) return null;
  return (
    <Section
      id="over-time"
      title={title}
      lead="Bands are 95 % intervals. Click a point for the rows behind it; draw over a chart to show that range everywhere."
      aside={<StepChoice value={step} onChange={chooseStep} />}
    >
      {found.isPending ? (
        <Skeleton height={360} label={`Loading ${title.toLowerCase()}`} />
      ) : found.data ? (
        <Busy when={found.isPlaceholderData}>
          <Figures
            series={found.data}
            references={references ?? {}}
            events={events}
            segment={segment}
            isQuiet={props.isQuiet ?? false}
          />
        </Busy>
      ) : (
        <Failed error={found.error} what={title} />
      )}
    </Section>
  );
}

function Figures({
  series,
  references,
  events,
  segment,
  isQuiet,
}: {
  series: Series;
  references: Record<string, Reference>;
  events: TimelineEvent[];
  segment: string | undefined;
  isQuiet: boolean;
}): ReactNode {
  const [looked] = useLooked();
  const lines = useMemo(
    () => series.series.filter((line) => line.points.some((point) => point.value !== null)),
    [series],
  );
  if (lines.length === 0) {
    return (
      <Nothing title="Nothing to draw in this range">
        <p>{noteOf(series.series) || "There are no rows in it."}</p>
      </Nothing>
    );
  }
  const said = lines
    .map((line) => ({ name: titleOf(line), value: saidAt(line, looked) }))
    .filter((each) => each.value);
  return (
    <>
      {isQuiet ? null : <LookedAt values={said} segment={segment} />}
      <div className="grid">
        {lines.map((line) => (
          <Suspense key={`${line.metric} ${line.segment}`} fallback={<Skeleton height={210} />}>
            <SeriesFigure
              line={line}
              series={series}
              reference={references[line.metric] ?? null}
              events={events}
            />
          </Suspense>
        ))}
      </div>
    </>
  );
}

export function StepChoice(props: { value: string; onChange: (value: string) => void }): ReactNode {
  return (
    <label className="step-choice soft">
      A point each{" "}
      <select value={props.value} onChange={(event) => props.onChange(event.target.value)}>
        {STEPS.map((each) => (
          <option key={each.value} value={each.value}>
            {each.label}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The length of the steps of all charts of the page, where no other part of it says it. */
export function StepOfPage({ shown }: { shown: Shown }): ReactNode {
  const [chosen, chooseStep] = useChoice("step");
  return <StepChoice value={chosen || stepOf(shown.window, shown.model)} onChange={chooseStep} />;
}

const noteOf = (lines: Line[]): string =>
  lines.flatMap((line) => line.points.map((point) => point.note ?? "")).find(Boolean) ?? "";
