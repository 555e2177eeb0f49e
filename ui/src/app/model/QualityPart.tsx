import type { ReactNode } from "react";
import { QualitySection } from "../../pages/comparison/Quality";
import { Finding } from "./Finding";
import { qualityFinding } from "./findings";
import type { Shown } from "./ModelPage";
import { QualityOverTime } from "./QualityOverTime";
import { OfReport, SIDES } from "./ReportParts";
import { SeriesFigures } from "./SeriesFigures";

/** Whether the data is what it should be, now and over time. */
export function QualityPart(shown: Shown): ReactNode {
  return (
    <OfReport shown={shown} what="Data quality">
      {(document) => (
        <>
          <Finding text={qualityFinding(document.quality)} />
          <QualityOverTime shown={shown} />
          <QualitySection quality={document.quality} sides={SIDES} />
          {shown.segment ? null : (
            <SeriesFigures
              shown={shown}
              title="Violations over time"
              metrics={["schema_violation_rate", "overflow_rate"]}
              isQuiet
            />
          )}
        </>
      )}
    </OfReport>
  );
}
