import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import type { AlertShown } from "../../api/schema";
import { Link } from "../../components/Link";
import { Mark } from "../../components/Mark";
import { Empty, Section } from "../../components/Section";
import { FeaturePage } from "../../pages/comparison/FeaturePage";
import { ask } from "../data/queries";
import { Skeleton } from "../shell/states";
import { relative } from "../zone";
import { ColumnOverTime } from "./ColumnOverTime";
import type { Shown } from "./ModelPage";
import { OfReport, SIDES } from "./ReportParts";
import { SeriesFigures, StepOfPage } from "./SeriesFigures";

const METRICS = {
  categorical: ["psi", "total_variation", "missing_share", "new_category_share"],
  other: ["psi", "ks", "mean_shift", "missing_share"],
};

/** One column: both distributions over each other, its course in time, and what fires on it. */
export function FeaturePart(shown: Shown): ReactNode {
  const { detail, model } = shown;
  const kind = model.columns.find((column) => column.name === detail)?.kind;
  if (!detail) return <Empty>Choose a column in the list of drift.</Empty>;
  return (
    <OfReport shown={shown} what={`The column ${detail}`}>
      {(document) => (
        <>
          <FeaturePage document={document} name={detail} names={SIDES} />
          {document.drift.columns[detail] ? (
            <>
              <Section
                id="distribution-over-time"
                title="Over time"
                lead="Click a time to lay its distribution over the reference; draw over a chart to show that range everywhere."
                aside={<StepOfPage shown={shown} />}
              >
                <ColumnOverTime shown={shown} column={detail} />
              </Section>
              <SeriesFigures
                shown={shown}
                title="Measures of drift over time"
                metrics={kind === "categorical" ? METRICS.categorical : METRICS.other}
                column={detail}
                isQuiet
              />
            </>
          ) : null}
          <RelatedAlerts model={model.name} column={detail} />
        </>
      )}
    </OfReport>
  );
}

/** Whether an alert is about a column: a label names it, or its words do. */
export function isAbout(
  alert: Pick<AlertShown, "labels" | "alert" | "annotations">,
  column: string,
) {
  if (Object.values(alert.labels).includes(column)) return true;
  const words = [alert.alert, ...Object.values(alert.annotations)].join(" ");
  return words.split(/[^\p{L}\p{N}_]+/u).includes(column);
}

function RelatedAlerts({ model, column }: { model: string; column: string }): ReactNode {
  const found = useQuery(ask.alerts({ model }));
  const related = useMemo(
    () => (found.data?.alerts ?? []).filter((alert) => isAbout(alert, column)),
    [found.data, column],
  );
  return (
    <Section id="alerts" title="Alerts on this column">
      {found.isPending ? (
        <Skeleton height={40} label="Loading alerts" />
      ) : related.length === 0 ? (
        <Empty>
          Nothing fires on it now.{" "}
          <Link to={{ path: ["/alerts"], query: {} }}>Show all alerts</Link>
        </Empty>
      ) : (
        <ul className="plain-list">
          {related.map((alert) => (
            <li key={alert.fingerprint}>
              <Mark
                reading={{
                  word: alert.state.replace("_", " "),
                  tone: alert.state === "firing" ? "fail" : "warn",
                }}
              />{" "}
              <Link to={{ path: ["/alerts"], query: { q: alert.alert } }}>{alert.alert}</Link>{" "}
              <span className="soft">
                {alert.annotations.summary} since {relative(alert.since, Date.now())}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
