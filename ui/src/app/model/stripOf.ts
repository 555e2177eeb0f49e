import type { ComparisonDocument, PerformanceMetric } from "../../api/document";
import type { Overview, Series, Track } from "../../api/schema";
import type { Timeline } from "../../charts/timeline";
import { count, percent } from "../../lib/format";
import { plainWord, readChange } from "../../lib/words";
import type { Zone } from "../zone";
import type { Looked } from "./at";
import { formatOf, saidAt, timelineOf, titleOf } from "./points";
import { extentOfTrack, placeIn, stepsOf, trackTimeline } from "./track";

/** One line of the overview: a title, its value over the whole range, and its course. */
export interface Strip {
  id: string;
  title: string;
  value: string;
  note: string;
  isBad: boolean;
  timeline: Timeline;
  said: string;
  stepMs: number;
  /** The part of the model that says more. */
  part: string;
}

export const HEADLINE: Record<string, string[]> = {
  binary: ["roc_auc", "f1"],
  multiclass: ["accuracy", "f1_macro"],
  regression: ["mae", "r2"],
  ranking: ["ndcg_at_k@10", "mrr"],
};

export const SERVICE = ["prediction_count", "error_rate", "latency_ms@p95"];

type Report = ComparisonDocument | null;

/** What a metric of performance became, against the reference. */
function againstReference(metric: PerformanceMetric | undefined, show: (value: number) => string) {
  const before = metric?.reference?.value;
  if (typeof before !== "number") return { note: "", isBad: false };
  const change = metric?.change;
  const isSure =
    typeof change?.low === "number" &&
    typeof change.high === "number" &&
    (change.low > 0 || change.high < 0);
  const reading = readChange(change?.value, metric?.direction);
  const word = isSure ? (reading ?? "changed") : "within chance";
  return { note: `reference ${show(before)}, ${word}`, isBad: isSure && reading === "worse" };
}

/** The strips of series: performance first, then traffic. */
export function seriesStrips(
  series: Series,
  report: Report,
  page: Overview | undefined,
  zone: Zone,
  looked: Looked | null,
): Strip[] {
  return series.series
    .filter((line) => line.points.some((point) => point.value !== null))
    .map((line) => {
      const metric = report?.performance?.metrics[line.metric];
      const value = metric?.value ?? page?.traffic[line.metric]?.value ?? null;
      const show = formatOf(line.unit);
      return {
        id: line.metric,
        title: titleOf(line),
        value: typeof value === "number" ? show(value) : "",
        ...againstReference(metric, show),
        timeline: {
          ...timelineOf(line, series, metric?.reference ?? null, zone),
          title: titleOf(line),
        },
        said: saidAt(line, looked),
        stepMs: (series.step_s ?? 3600) * 1000,
        part: metric ? "performance" : "service",
      };
    });
}

/** The quality score that is furthest below its target. */
function worstScore(report: Report): string | null {
  const scores = Object.entries(report?.quality?.scores ?? {}).filter(
    ([name, score]) => name !== "timeliness" && score.current !== null && score.target !== null,
  );
  const lag = ([, score]: (typeof scores)[number]) => (score.current ?? 0) - (score.target ?? 0);
  return scores.sort((left, right) => lag(left) - lag(right))[0]?.[0] ?? null;
}

/** The strips of drift and quality. */
export function trackStrips(
  track: Track,
  report: Report,
  zone: Zone,
  looked: Looked | null,
): Strip[] {
  const steps = stepsOf(track, zone);
  if (steps.windows.length === 0) return [];
  const extent = extentOfTrack(track);
  const place = placeIn(steps.windows, looked);
  const drift = report?.summary.drift;
  const strips: Strip[] = [
    {
      id: "drift",
      title: "Drifted columns",
      value: drift ? count(drift.drifted) : "",
      note: steps.drifted.every((each) => each === null)
        ? "too few rows a step to judge"
        : drift
          ? `of ${count(drift.columns)}`
          : "",
      isBad: (drift?.drifted ?? 0) > 0,
      timeline: trackTimeline(steps, steps.drifted, extent, {
        title: "Drifted columns",
        isFromZero: true,
      }),
      said: sayCount(steps.drifted[place], steps.columns),
      stepMs: track.step_s * 1000,
      part: "drift",
    },
  ];
  const name = worstScore(report) ?? Object.keys(steps.quality)[0];
  const score = name ? steps.quality[name] : undefined;
  if (name && score) {
    const now = report?.quality?.scores[name];
    const title = `Quality: ${plainWord(name)}`;
    strips.push({
      id: "quality",
      title,
      value: percent(now?.current),
      note: typeof score.target === "number" ? `target ${percent(score.target)}` : "",
      isBad: now?.status === "fail",
      timeline: trackTimeline(steps, score.points, extent, {
        title,
        format: percent,
        isShare: true,
        threshold:
          typeof score.target === "number" ? { value: score.target, label: "target" } : null,
      }),
      said: typeof score.points[place] === "number" ? percent(score.points[place]) : "",
      stepMs: track.step_s * 1000,
      part: "quality",
    });
  }
  return strips;
}

const sayCount = (value: number | null | undefined, of: number): string =>
  typeof value === "number" ? `${count(value)} of ${count(of)}` : "";
