import { useQuery } from "@tanstack/react-query";
import type { TrackDocument, TrackWindow } from "../../api/document";
import type { Track } from "../../api/schema";
import type { Timeline } from "../../charts/timeline";
import { useChoice } from "../../state/route";
import { moment, type Zone } from "../zone";
import type { Looked } from "./at";
import type { Shown } from "./ModelPage";
import { askModel } from "./queries";
import { useReport } from "./ReportParts";
import { stepOf, stepsFor } from "./steps";

/** Drift and quality over time, in the steps of the other charts of the page. */
export function useTrack(shown: Shown) {
  const { model, window, version, segment } = shown;
  const [chosen] = useChoice("step");
  const step = chosen || stepOf(window, model, stepsFor(model.columns.length));
  const isFindingOnItsWay = useReport(shown).isPending;
  return useQuery({
    ...askModel.track(model.name, { window, version, segment, step }),
    // The finding is what one came for: the server works on it alone until it is there.
    enabled: model.reference !== null && !isFindingOnItsWay,
  });
}

const MOST_GAPS = 500;

/** The place of each step in turn, and null for each step that has no rows between two others. */
export function withGaps(starts: number[], step: number): (number | null)[] {
  const places: (number | null)[] = [];
  starts.forEach((start, place) => {
    const before = starts[place - 1];
    const missing = before === undefined ? 0 : Math.round((start - before) / step) - 1;
    for (let gap = 0; gap < Math.min(missing, MOST_GAPS); gap++) places.push(null);
    places.push(place);
  });
  return places;
}

/** A track as what the report's heat map and timelines draw, with the steps that have no rows. */
export interface Steps {
  windows: TrackWindow[];
  drift: TrackDocument["drift"];
  ranking: string[];
  tolerance: number;
  quality: Record<string, { target: number | null; points: (number | null)[] }>;
  drifted: (number | null)[];
  columns: number;
}

export function stepsOf(track: Track, zone: Zone): Steps {
  const stepMs = track.step_s * 1000;
  const places = withGaps(
    track.steps.map((each) => Date.parse(each.start)),
    stepMs,
  );
  const spread = <T>(values: (T | null)[]): (T | null)[] =>
    places.map((place) => (place === null ? null : (values[place] ?? null)));
  let last = 0;
  const windows = places.map((place) => {
    const step = place === null ? undefined : track.steps[place];
    last = step ? Date.parse(step.start) : last + stepMs;
    const start = new Date(last).toISOString();
    return {
      name: moment(start, zone),
      start,
      end: step?.end ?? new Date(last + stepMs).toISOString(),
      rows: step?.rows ?? 0,
      labelled: step?.labelled ?? null,
      verdict: "stable",
      drifted: step?.drifted ?? null,
      headline: "",
    } satisfies TrackWindow;
  });
  return {
    windows,
    drift: Object.fromEntries(
      Object.entries(track.drift).map(([name, column]) => [
        name,
        {
          kind: column.kind,
          role: column.role,
          metrics: {},
          effect: spread(column.effect),
          low: spread(column.low),
          high: spread(column.high),
          verdicts: spread(column.verdicts),
          missing: spread(column.missing),
        } as TrackDocument["drift"][string],
      ]),
    ),
    ranking: track.ranking,
    tolerance: track.tolerance,
    quality: Object.fromEntries(
      Object.entries(track.quality).map(([name, score]) => [
        name,
        { target: score.target, points: spread(score.points) },
      ]),
    ),
    drifted: spread(track.steps.map((step) => step.drifted)),
    columns: Math.max(0, ...track.steps.map((step) => step.columns)),
  };
}

/** A value of each step as a timeline. */
export function trackTimeline(
  steps: Steps,
  values: (number | null)[],
  extent: [number, number],
  rest: Partial<Timeline> & Pick<Timeline, "title">,
): Timeline {
  return {
    windows: steps.windows,
    points: values.map((value, place) =>
      value === null ? null : { value, n_current: steps.windows[place]?.rows ?? 0 },
    ),
    extent,
    ...rest,
  };
}

/** The first step that begins in the time that is looked at; -1 where none does. */
export function placeIn(windows: TrackWindow[], looked: Looked | null): number {
  if (!looked) return -1;
  const [from, to] = [Date.parse(looked.from), Date.parse(looked.to)];
  return windows.findIndex((each) => {
    const start = Date.parse(each.start ?? "");
    return start >= from && start < to;
  });
}

export const extentOfTrack = (track: Track): [number, number] => [
  Date.parse(track.window.start),
  Date.parse(track.window.end),
];
