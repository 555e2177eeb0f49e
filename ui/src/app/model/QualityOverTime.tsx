import { type ReactNode, useMemo } from "react";
import type { Timeline } from "../../charts/timeline";
import { Section, Sub } from "../../components/Section";
import { number, percent } from "../../lib/format";
import { capital, plainWord } from "../../lib/words";
import { TimelineFigure } from "../../pages/track/Timelines";
import { navigate } from "../../state/route";
import { Failed, Nothing, Skeleton } from "../shell/states";
import { useZone } from "../zone";
import { extentOf, type Looked, useLooked } from "./at";
import { useEvents } from "./events";
import { LookedAt } from "./Looked";
import type { Shown } from "./ModelPage";
import { StepOfPage } from "./SeriesFigures";
import { useTimes } from "./times";
import { extentOfTrack, placeIn, type Steps, stepsOf, trackTimeline, useTrack } from "./track";

const MISSING = 9;

/** The five scores, and the columns whose share of missing values moved most. */
export function QualityOverTime({ shown }: { shown: Shown }): ReactNode {
  const found = useTrack(shown);
  const [zone] = useZone();
  const [looked] = useLooked();
  const events = useEvents(shown.model.name, shown.window);
  const stepMs = (found.data?.step_s ?? 3600) * 1000;
  const { onPickAt, onBrush } = useTimes(stepMs);
  const drawn = useMemo(() => {
    if (!found.data) return null;
    const steps = stepsOf(found.data, zone);
    const rest = { marked: extentOf(looked), isLocal: zone === "local" };
    const extent = extentOfTrack(found.data);
    return {
      steps,
      scores: scoresOf(steps, extent).map((each) => ({ ...each, ...rest, events })),
      missing: missingOf(steps, extent).map((each) => ({ ...each, ...rest })),
    };
  }, [found.data, zone, looked, events]);
  if (found.isPending) return <Skeleton height={380} label="Loading quality over time" />;
  if (!drawn) return <Failed error={found.error} what="Quality over time" />;
  if (drawn.steps.windows.length === 0) {
    return (
      <Nothing title="No rows in this range">
        <p>Choose another range above.</p>
      </Nothing>
    );
  }
  const figure = (timeline: Timeline) => (
    <TimelineFigure
      key={timeline.title}
      timeline={timeline}
      height={140}
      onPickNear={(place) => onPickAt(Date.parse(timeline.windows[place]?.start ?? ""))}
      onBrush={onBrush}
    />
  );
  return (
    <Section
      id="quality-over-time"
      title="Over time"
      lead="Click a time for the rows behind it; draw over a chart to show that range everywhere."
      aside={<StepOfPage shown={shown} />}
    >
      <LookedAt
        values={valuesAt([...drawn.scores, ...drawn.missing], looked)}
        segment={shown.segment}
      />
      <div className="grid three">{drawn.scores.map(figure)}</div>
      {drawn.missing.length ? (
        <Sub
          title="Missing values"
          lead={`The ${drawn.missing.length} columns whose share moved most.`}
        >
          <div className="grid three">{drawn.missing.map(figure)}</div>
          <button
            type="button"
            className="text-button more"
            onClick={() => navigate({ path: ["drift"], query: { "sort.drift": "missing.desc" } })}
          >
            Show all columns by missing values
          </button>
        </Sub>
      ) : null}
    </Section>
  );
}

function scoresOf(steps: Steps, extent: [number, number]): Timeline[] {
  return Object.entries(steps.quality)
    .filter(([, score]) => score.points.some((value) => value !== null))
    .map(([name, score]) => {
      const isAge = name === "timeliness";
      return trackTimeline(steps, score.points, extent, {
        title: capital(plainWord(name)),
        threshold: score.target === null ? null : { value: score.target, label: "target" },
        ...(isAge
          ? { format: (value: number) => `${number(value)} h`, isFromZero: true }
          : { format: percent, isShare: true }),
      });
    });
}

function missingOf(steps: Steps, extent: [number, number]): Timeline[] {
  const spread = (values: (number | null)[]) => {
    const known = values.filter((value): value is number => value !== null);
    return known.length ? Math.max(...known) - Math.min(...known) : 0;
  };
  return Object.entries(steps.drift)
    .filter(([, column]) => column.role !== "label" && spread(column.missing ?? []) > 0)
    .sort(([, left], [, right]) => spread(right.missing ?? []) - spread(left.missing ?? []))
    .slice(0, MISSING)
    .map(([name, column]) =>
      trackTimeline(steps, column.missing ?? [], extent, {
        title: `Missing in ${name}`,
        format: percent,
        isFromZero: true,
        isShare: true,
      }),
    );
}

/** What each chart says of the time that is looked at. */
function valuesAt(timelines: Timeline[], looked: Looked | null) {
  return timelines.flatMap(({ title, windows, points, format }) => {
    const value = points[placeIn(windows, looked)]?.value;
    return typeof value === "number" ? [{ name: title, value: (format ?? number)(value) }] : [];
  });
}
