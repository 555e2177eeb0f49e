import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Line, Series } from "../../api/schema";
import { Choices } from "../../components/SearchBox";
import { Empty, Section, Sub } from "../../components/Section";
import { useChoice } from "../../state/route";
import { ask } from "../data/queries";
import { Failed, Nothing, Skeleton } from "../shell/states";
import { useLooked } from "./at";
import { useEvents } from "./events";
import { Finding } from "./Finding";
import { serviceFinding } from "./findings";
import { LinesFigure } from "./LinesFigure";
import { LookedAt } from "./Looked";
import type { Shown } from "./ModelPage";
import { saidAt, titleOf } from "./points";
import { useReport } from "./ReportParts";
import { SeriesFigure } from "./SeriesFigure";
import { StepChoice } from "./SeriesFigures";
import { stepOf } from "./steps";

const PERCENTILES = ["p50", "p95", "p99"].map((at) => `latency_ms@${at}`);
const STAGES = ["queue", "preprocess", "inference", "postprocess", "network"];
const AT = ["p50", "p95", "p99"];
const CLASSES = [
  "4xx", "5xx", "load", "invalid", "upstream", "cache", "timeout", "application",
].map((each) => `error_rate@${each}`); // biome-ignore format: one list
const VOLUME = ["prediction_count", "throughput", "batch_size_mean", "cache_hit_rate"];
const REST = [
  "freshness_s", "arrival_delay_s@p95", "queue_depth_max", "concurrent_max", "tokens_in",
  "tokens_out",
]; // biome-ignore format: one list
const LABELS = ["label_coverage", "label_delay_s@p50"];
const METRICS = [...VOLUME, "error_rate", ...PERCENTILES, ...CLASSES, ...REST, ...LABELS];

/** How the service runs: volume, latency by stage, errors by class, labels. */
export function ServicePart(shown: Shown): ReactNode {
  if (shown.segment) {
    return (
      <Nothing title="Traffic is kept for each version, not for each segment">
        <p>Choose all rows above.</p>
      </Nothing>
    );
  }
  return <Service shown={shown} />;
}

function Service({ shown }: { shown: Shown }): ReactNode {
  const { model, window, version } = shown;
  const [chosen, chooseStep] = useChoice("step");
  const step = chosen || stepOf(window, model);
  const [at] = useStageAt();
  const metric = [...METRICS, ...stagesAt(at)];
  const found = useQuery(ask.series(model.name, { metric, window, version, step }));
  const page = useReport(shown).data;
  const drawn = found.data?.series.filter(isKnown) ?? [];
  return (
    <>
      {page ? <Finding text={serviceFinding(page)} /> : null}
      <Section
        id="service"
        title="Service"
        lead="Click a time for the rows behind it; draw over a chart to show that range everywhere."
        aside={<StepChoice value={step} onChange={chooseStep} />}
      >
        {found.isPending ? (
          <Skeleton height={480} label="Loading the service" />
        ) : !found.data ? (
          <Failed error={found.error} what="The service" />
        ) : drawn.length === 0 ? (
          <Nothing title="No predictions in this range">
            <p>Choose another range or version above.</p>
          </Nothing>
        ) : (
          <Charts series={found.data} drawn={drawn} model={model.name} window={window} />
        )}
      </Section>
    </>
  );
}

const stagesAt = (at: string): string[] => STAGES.map((stage) => `${stage}_ms@${at}`);

/** Which percentile of the stages is shown. */
function useStageAt(): [string, (at: string) => void] {
  const [chosen, choose] = useChoice("stages");
  return [AT.includes(chosen) ? chosen : "p95", choose];
}

const isKnown = (line: Line): boolean => line.points.some((point) => point.value !== null);

function Charts(props: {
  series: Series;
  drawn: Line[];
  model: string;
  window: string;
}): ReactNode {
  const { series, drawn } = props;
  const events = useEvents(props.model, props.window);
  const [looked] = useLooked();
  const pick = (names: string[]) => drawn.filter((line) => names.includes(line.metric));
  const single = (names: string[]) =>
    pick(names).map((line) => (
      <SeriesFigure key={line.metric} line={line} series={series} events={events} />
    ));
  const many = (names: string[]) =>
    pick(names).map((line) => ({ name: lineName(line.metric), line }));
  const [stageAt, chooseStageAt] = useStageAt();
  const stages = many(stagesAt(stageAt));
  const classes = many(CLASSES).filter(({ line }) =>
    line.points.some((point) => (point.value ?? 0) > 0),
  );
  const said = [...pick(["prediction_count", "error_rate"]), ...pick(PERCENTILES)].map((line) => ({
    name: titleOf(line),
    value: saidAt(line, looked),
  }));
  return (
    <>
      <LookedAt values={said.filter((each) => each.value)} segment={undefined} />
      <Sub title="Volume">
        <div className="grid">{single(VOLUME)}</div>
      </Sub>
      <Sub title="Latency">
        {pick(PERCENTILES).length ? (
          <div className="grid">
            <LinesFigure
              title="Latency"
              lines={many(PERCENTILES)}
              series={series}
              events={events}
            />
            {stages.length ? (
              <LinesFigure
                title="Latency of each stage"
                lines={stages}
                series={series}
                events={events}
                aside={
                  <Choices
                    label="Percentile"
                    value={stageAt}
                    options={AT.map((value) => ({ value, label: value }))}
                    onChange={chooseStageAt}
                  />
                }
              />
            ) : null}
          </div>
        ) : (
          <Empty>
            No record says how long it took. Send <code>latency_ms</code> with each prediction.
          </Empty>
        )}
      </Sub>
      <Sub title="Errors">
        <div className="grid">
          {single(["error_rate"])}
          {classes.length ? (
            <LinesFigure
              title="Errors by class"
              lines={classes}
              series={series}
              events={events}
              note="Classes without an error are left out."
            />
          ) : null}
        </div>
      </Sub>
      <Sub title="Freshness and labels">
        <div className="grid">{single([...REST, ...LABELS])}</div>
      </Sub>
    </>
  );
}

/** 'p95' of `latency_ms@p95`, 'inference' of `inference_ms@p95`, 'timeout' of `error_rate@timeout`. */
export function lineName(metric: string): string {
  const [base = "", at = ""] = metric.split("@");
  if (base === "latency_ms" || base === "error_rate") return at;
  return base.replace(/_ms$/, "");
}
