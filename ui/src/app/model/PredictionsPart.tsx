import type { ReactNode } from "react";
import type { ColumnDrift, ComparisonDocument } from "../../api/document";
import { Link } from "../../components/Link";
import { Empty, Section } from "../../components/Section";
import { sentence } from "../../lib/words";
import { FeatureDistribution } from "../../pages/comparison/FeatureDistribution";
import { ColumnOverTime } from "./ColumnOverTime";
import { Finding } from "./Finding";
import { predictionFinding } from "./findings";
import type { Shown } from "./ModelPage";
import { useReferences } from "./PerformancePart";
import { OfReport, SIDES } from "./ReportParts";
import { SeriesFigures, StepOfPage } from "./SeriesFigures";

const METRICS: Record<string, string[]> = {
  binary: ["prediction_share", "confidence_mean", "low_confidence_share"],
  multiclass: ["confidence_mean", "low_confidence_share"],
  regression: ["prediction_mean", "prediction_median", "prediction_std"],
  ranking: [],
};

/** What the model says, whether it is right or not: scores and predictions, also before labels. */
export function PredictionsPart(shown: Shown): ReactNode {
  const metrics = METRICS[shown.model.task ?? ""] ?? [];
  const references = useReferences(shown);
  return (
    <OfReport shown={shown} what="Predictions and scores">
      {(document) => {
        const columns = outputs(document);
        return (
          <>
            <Finding text={predictionFinding(columns)} />
            {columns.length === 0 ? (
              <Empty>The model file names neither a prediction nor a score.</Empty>
            ) : (
              columns.map(([name, column], place) => (
                <Output
                  key={name}
                  shown={shown}
                  name={name}
                  column={column}
                  isFirst={place === 0}
                />
              ))
            )}
            <SeriesFigures
              shown={shown}
              title="Measures over time"
              metrics={metrics}
              references={references}
              isQuiet
            />
          </>
        );
      }}
    </OfReport>
  );
}

const ROLES = ["score", "prediction"];

/** The columns that the model writes, the score first. */
export function outputs(document: Pick<ComparisonDocument, "drift">): [string, ColumnDrift][] {
  return Object.entries(document.drift.columns)
    .filter(([, column]) => ROLES.includes(column.role))
    .sort(([, left], [, right]) => ROLES.indexOf(left.role) - ROLES.indexOf(right.role));
}

function Output(props: {
  shown: Shown;
  name: string;
  column: ColumnDrift;
  isFirst: boolean;
}): ReactNode {
  const { shown, name, column, isFirst } = props;
  return (
    <Section
      id={column.role}
      title={column.role === "score" ? "Score" : "Prediction"}
      lead={sentence(column.reason)}
      aside={isFirst ? <StepOfPage shown={shown} /> : null}
    >
      {column.distribution ? (
        <FeatureDistribution
          column={column}
          distribution={column.distribution}
          name={name}
          sides={SIDES}
        />
      ) : null}
      <ColumnOverTime shown={shown} column={name} />
      <p>
        <Link to={{ path: ["feature", name], query: {} }}>Show all measures of this column</Link>
      </p>
    </Section>
  );
}
