import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import type { ComparisonDocument } from "../../api/document";
import type { TimelineEvent } from "../../charts/timeline";
import { Link } from "../../components/Link";
import { Section } from "../../components/Section";
import { TimelineFigure } from "../../pages/track/Timelines";
import { useChoice, useRoute } from "../../state/route";
import { ask } from "../data/queries";
import { hoursOf } from "../hours";
import { chooseRange } from "../RangePicker";
import { Failed, Nothing, Skeleton } from "../shell/states";
import { useZone } from "../zone";
import { extentOf, useLooked } from "./at";
import { Busy } from "./Busy";
import { useEvents } from "./events";
import { LookedAt } from "./Looked";
import type { Shown } from "./ModelPage";
import { useReport } from "./ReportParts";
import { StepChoice } from "./SeriesFigures";
import { stepOf } from "./steps";
import { HEADLINE, SERVICE, type Strip, seriesStrips, trackStrips } from "./stripOf";
import { useTimes } from "./times";
import { useTrack } from "./track";

/** What matters, one line below the other on one axis of time. */
export function Strips({ shown }: { shown: Shown }): ReactNode {
  const { model, window, version, segment } = shown;
  const [chosen, chooseStep] = useChoice("step");
  const step = chosen || stepOf(window, model);
  const metric = [...(HEADLINE[model.task ?? ""] ?? []), ...(segment ? [] : SERVICE)];
  const series = useQuery({
    ...ask.series(model.name, { metric, window, version, segment, step }),
    enabled: metric.length > 0,
  });
  const track = useTrack(shown);
  const events = useEvents(model.name, window);
  const strips = useStrips(shown, series.data, track.data);
  const isEmpty = useReport(shown).data?.rows === 0;
  // The finding above says it already.
  if (isEmpty && strips.length === 0 && !series.isPending) return <Wider window={window} />;
  return (
    <Section
      id="over-time"
      title="Over time"
      lead="Bands are 95 % intervals, the grey band is the reference. Click a point for the rows behind it; draw over a chart to show that range everywhere."
      aside={
        <span className="acts">
          <Wider window={window} />
          <StepChoice value={step} onChange={chooseStep} />
        </span>
      }
    >
      <LookedAt
        values={strips
          .map((each) => ({ name: each.title, value: each.said }))
          .filter((v) => v.value)}
        segment={segment}
      />
      {series.isPending && metric.length ? (
        <Skeleton height={520} label="Loading the timeline" />
      ) : series.isError && !series.data ? (
        <Failed error={series.error} what="The timeline" />
      ) : strips.length === 0 ? (
        <Nothing title="Nothing to draw in this range">
          <p>There are no rows in it. Choose another range above.</p>
        </Nothing>
      ) : (
        <Busy when={series.isPlaceholderData}>
          {strips.map((strip, place) => (
            <StripFigure key={strip.id} strip={strip} events={events} isNamed={place === 0} />
          ))}
        </Busy>
      )}
      {track.isPending && model.reference ? (
        <Skeleton height={190} label="Loading drift and quality" />
      ) : track.isError && !track.data ? (
        <Failed error={track.error} what="Drift and quality over time" />
      ) : null}
    </Section>
  );
}

/** The way out of a range that was drawn: three times as much, with it in the middle. */
function Wider({ window }: { window: string }): ReactNode {
  const { path, query } = useRoute();
  const [from, to] = window.split("..").map((each) => Date.parse(each));
  if (from === undefined || to === undefined || !(from < to)) return null;
  const more = () => {
    const { at: _at, ...rest } = query;
    chooseRange(rest, path, hoursOf(from - (to - from), to + (to - from)));
  };
  return (
    <button type="button" className="button" onClick={more}>
      Show three times as much
    </button>
  );
}

/** Performance, drift and quality, then traffic. */
function useStrips(
  shown: Shown,
  series: Parameters<typeof seriesStrips>[0] | undefined,
  track: Parameters<typeof trackStrips>[0] | undefined,
): Strip[] {
  const page = useReport(shown).data;
  const [zone] = useZone();
  const [looked] = useLooked();
  return useMemo(() => {
    const report = (page?.report ?? null) as unknown as ComparisonDocument | null;
    const lines = series ? seriesStrips(series, report, page, zone, looked) : [];
    const isPerformance = (strip: Strip) => strip.part === "performance";
    return [
      ...lines.filter(isPerformance),
      ...(track ? trackStrips(track, report, zone, looked) : []),
      ...lines.filter((strip) => !isPerformance(strip)),
    ];
  }, [series, track, page, zone, looked]);
}

/** Below it a strip's name stands above its chart, in pixels. */
const NARROW = 640;

function StripFigure(props: {
  strip: Strip;
  events: TimelineEvent[];
  isNamed: boolean;
}): ReactNode {
  const { strip, events, isNamed } = props;
  const [zone] = useZone();
  const { looked, onPickAt, onBrush } = useTimes(strip.stepMs);
  const timeline = useMemo(
    () => ({
      ...strip.timeline,
      events,
      isLocal: zone === "local",
      marked: extentOf(looked),
      isStrip: true,
      room: globalThis.innerWidth < NARROW ? 0.5 : 0.17,
      isQuiet: !isNamed,
    }),
    [strip, events, zone, looked, isNamed],
  );
  return (
    <TimelineFigure
      className="strip"
      height={strip.part === "performance" ? 116 : 88}
      timeline={timeline}
      title={
        <>
          <Link to={{ path: [strip.part], query: {} }}>{strip.title}</Link>
          <b className={strip.isBad ? "tone-fail" : undefined}>{strip.value}</b>
          <small>{strip.note}</small>
        </>
      }
      onPickNear={(place) => onPickAt(Date.parse(timeline.windows[place]?.start ?? ""))}
      onBrush={onBrush}
    />
  );
}
