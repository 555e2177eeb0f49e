import { type ReactNode, useMemo } from "react";
import type { Line, Series } from "../../api/schema";
import type { TimelineEvent } from "../../charts/timeline";
import { Link } from "../../components/Link";
import { TimelineFigure } from "../../pages/track/Timelines";
import { useZone } from "../zone";
import { extentOf } from "./at";
import { type Reference, timelineOf } from "./points";
import { useTimes } from "./times";

/** One metric over time; steps without rows are gaps. */
export function SeriesFigure(props: {
  line: Line;
  series: Pick<Series, "model" | "window" | "step_s">;
  reference?: Reference;
  events?: TimelineEvent[];
  title?: ReactNode;
  height?: number;
  /** More values that the axis must hold, so that charts beside each other share one scale. */
  alsoHolds?: number[];
}): ReactNode {
  const { line, series, reference, events, alsoHolds } = props;
  const [zone] = useZone();
  const { looked, onPickAt, onBrush } = useTimes((series.step_s ?? 3600) * 1000);
  const timeline = useMemo(
    () => ({
      ...timelineOf(line, series, reference ?? null, zone),
      events: events ?? [],
      isLocal: zone === "local",
      marked: extentOf(looked),
      ...(alsoHolds ? { alsoHolds } : {}),
    }),
    [line, series, reference, zone, events, looked, alsoHolds],
  );
  return (
    <TimelineFigure
      timeline={timeline}
      {...(props.title ? { title: props.title } : {})}
      {...(props.height ? { height: props.height } : {})}
      tools={<Watch model={series.model} line={line} title={timeline.title} />}
      onPickNear={(place) => onPickAt(Date.parse(timeline.windows[place]?.start ?? ""))}
      onBrush={onBrush}
    />
  );
}

/** The way from a chart to a monitor of what it shows, over the same range. */
function Watch(props: { model: string; line: Line; title: string }): ReactNode {
  const { model, line, title } = props;
  const query = {
    model,
    metric: line.metric,
    column: line.column ?? "",
    segment: line.segment ?? "",
  };
  return (
    <Link
      to={{ path: ["/monitors/new"], query }}
      className="text-button"
      label={`Watch ${title}${line.segment ? ` of ${line.segment}` : ""}`}
    >
      Watch
    </Link>
  );
}

/** Where other parts of the application look for them. */
export { timelineOf, titleOf } from "./points";
