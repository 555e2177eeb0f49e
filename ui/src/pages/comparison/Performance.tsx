import type { ReactNode } from "react";
import type { Model, Performance } from "../../api/document";
import { Empty, Legend, Section, Sub } from "../../components/Section";
import { count } from "../../lib/format";
import type { SideNames } from "../../lib/sides";
import { type CellTo, ConfusionMatrices } from "./Confusion";
import { CalibrationFigure, ConfidenceFigure, CurveFigures, ErrorsFigure } from "./Curves";
import { Fairness } from "./Fairness";
import { PerformanceClasses } from "./PerformanceClasses";
import { PerformanceMetrics } from "./PerformanceMetrics";
import { PerformanceSegments } from "./PerformanceSegments";

/** How well the model predicts: metrics, for whom, and of what kind the errors are. */
export function PerformanceSection(props: {
  performance: Performance | null;
  model: Model;
  sides: SideNames;
  /** Where the rows behind a cell of the confusion matrix are. */
  cellTo?: CellTo;
}): ReactNode {
  const { performance, sides, model } = props;
  if (!performance) {
    if (!model?.prediction && !model?.score) return null;
    return (
      <Section id="performance" title="Performance">
        <Empty>
          No labels, so no performance. Name the label's column with <code>--label</code> or in the
          model file.
        </Empty>
      </Section>
    );
  }
  const isCurved =
    performance.calibration ||
    performance.roc ||
    performance.pr ||
    performance.errors ||
    performance.confidence;
  return (
    <Section id="performance" title="Performance" aside={<Legend {...sides} />}>
      <PerformanceMetrics metrics={performance.metrics} />
      {performance.segments && Object.keys(performance.segments).length ? (
        <PerformanceSegments segments={performance.segments} overall={performance.metrics} />
      ) : null}
      {performance.error_quantiles && Object.keys(performance.error_quantiles).length ? (
        <Sub title="Quantiles of the errors" lead="Prediction less label, in the label's unit.">
          <PerformanceMetrics metrics={performance.error_quantiles} id="error-quantiles" />
        </Sub>
      ) : null}
      {performance.classes && Object.keys(performance.classes).length ? (
        <Sub title="By class">
          <PerformanceClasses classes={performance.classes} />
        </Sub>
      ) : null}
      {performance.prediction && Object.keys(performance.prediction).length ? (
        <Sub title="Predictions" lead="Share of all rows that the model gives to each class.">
          <PerformanceMetrics metrics={performance.prediction} id="predictions" isShare />
        </Sub>
      ) : null}
      {performance.confusion ? (
        <Sub
          title="Confusion matrix"
          lead="Truth in rows, prediction in columns; shares are of the row."
        >
          <ConfusionMatrices
            confusion={performance.confusion}
            sides={sides}
            cellTo={props.cellTo}
          />
        </Sub>
      ) : null}
      {isCurved ? (
        <div className="sub grid">
          {performance.errors ? <ErrorsFigure errors={performance.errors} sides={sides} /> : null}
          {performance.calibration ? (
            <CalibrationFigure
              calibration={performance.calibration}
              task={performance.task}
              sides={sides}
            />
          ) : null}
          {performance.confidence ? (
            <ConfidenceFigure confidence={performance.confidence} sides={sides} />
          ) : null}
          <CurveFigures performance={performance} sides={sides} />
        </div>
      ) : null}
      {performance.fairness && Object.keys(performance.fairness).length ? (
        <Fairness fairness={performance.fairness} />
      ) : null}
    </Section>
  );
}

/** Rows behind a number, for one hover away. */
export const rowsNote = (
  reference: number | null | undefined,
  current: number | null | undefined,
): string => `${count(reference)} reference rows, ${count(current)} current rows`;
