import { type ReactNode, useMemo } from "react";
import type { ComparisonDocument } from "../../api/document";
import type { ModelDetail } from "../../api/schema";
import { PerformanceSection } from "../../pages/comparison/Performance";
import { windowOf } from "../search";
import { both, celText, isPlainName, segmentWhere } from "./at";
import { Finding } from "./Finding";
import { performanceFinding } from "./findings";
import type { Shown } from "./ModelPage";
import type { Reference } from "./points";
import { OfReport, SIDES, useReport } from "./ReportParts";
import { SeriesFigures } from "./SeriesFigures";
import { ThresholdExplorer } from "./ThresholdExplorer";
import { ByVersion } from "./Versions";

export const PERFORMANCE: Record<string, string[]> = {
  binary: ["roc_auc", "f1", "precision", "recall", "accuracy", "log_loss", "ece", "label_coverage"],
  multiclass: ["accuracy", "f1_macro", "precision_macro", "recall_macro", "log_loss"],
  regression: ["mae", "rmse", "r2", "bias", "prediction_mean"],
  ranking: ["ndcg_at_k@10", "mrr", "precision_at_k@10", "recall_at_k@10"],
};

/** How well the model predicts: over time, by version, at other thresholds, and in all detail. */
export function PerformancePart(shown: Shown): ReactNode {
  const task = shown.model.task ?? "";
  const metrics = (PERFORMANCE[task] ?? []).filter(
    (name) => name !== "label_coverage" || !shown.segment,
  );
  const references = useReferences(shown);
  const hasScore = shown.model.columns.some((column) => column.role === "score");
  const page = useReport(shown).data;
  const report = (page?.report ?? null) as unknown as ComparisonDocument | null;
  return (
    <>
      {report ? <Finding text={performanceFinding(report.performance)} /> : null}
      <SeriesFigures shown={shown} title="Over time" metrics={metrics} references={references} />
      <ByVersion shown={shown} metrics={metrics.slice(0, 4)} />
      {task === "binary" && hasScore && shown.model.reference ? (
        <ThresholdExplorer shown={shown} />
      ) : null}
      <OfReport shown={shown} what="Performance">
        {(document) => (
          <PerformanceSection
            performance={document.performance}
            model={document.model}
            sides={SIDES}
            cellTo={(truth, predicted) => cellRoute(shown, truth, predicted)}
          />
        )}
      </OfReport>
    </>
  );
}

/** The metrics of the reference, with their intervals. */
export function useReferences(shown: Shown): Record<string, Reference> {
  const page = useReport(shown).data;
  return useMemo(() => {
    const report = (page?.report ?? null) as unknown as ComparisonDocument | null;
    return Object.fromEntries(
      Object.entries(report?.performance?.metrics ?? {}).map(([name, metric]) => [
        name,
        metric.reference ?? null,
      ]),
    );
  }, [page]);
}

const nameOf = (model: ModelDetail, role: string): string | undefined =>
  model.columns.find((column) => column.role === role)?.name;

/** The rows of one cell of the confusion matrix. */
function cellRoute(shown: Shown, truth: string, predicted: string) {
  const [label, prediction] = ["label", "prediction"].map((role) => nameOf(shown.model, role));
  if (!label || !prediction || !isPlainName(label) || !isPlainName(prediction)) return null;
  const where = both(
    segmentWhere(shown.segment),
    `${label} == ${celText(truth)}`,
    `${prediction} == ${celText(predicted)}`,
  );
  return { path: ["rows"], query: { ...rangeQuery(shown.window), where } };
}

/** The range in the address, also where it is none that somebody chose. */
export function rangeQuery(window: string): Record<string, string> {
  const [from, to] = window.split("..");
  return from && to
    ? { window: "", from, to }
    : { from: "", to: "", window: windowOf({ window }) ?? "" };
}
