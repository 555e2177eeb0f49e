import type { ReactNode } from "react";
import { DriftSection } from "../../pages/comparison/Drift";
import { HeatSection } from "../../pages/track/HeatMap";
import { navigate } from "../../state/route";
import { iso } from "../hours";
import { Failed, Nothing, Skeleton } from "../shell/states";
import { useZone } from "../zone";
import { useLooked } from "./at";
import { Finding } from "./Finding";
import { driftFinding } from "./findings";
import type { Shown } from "./ModelPage";
import { OfReport, SIDES } from "./ReportParts";
import { StepOfPage } from "./SeriesFigures";
import { placeIn, stepsOf, useTrack } from "./track";

const ROWS = 24;

/** Which columns changed, when, and how much; the most changed first. */
export function DriftPart(shown: Shown): ReactNode {
  return (
    <OfReport shown={shown} what="Drift">
      {(document) => (
        <>
          <Finding text={driftFinding(document.drift)} />
          <OverTime shown={shown} />
          <DriftSection drift={document.drift} sides={SIDES} />
        </>
      )}
    </OfReport>
  );
}

function OverTime({ shown }: { shown: Shown }): ReactNode {
  const found = useTrack(shown);
  const [zone] = useZone();
  const [looked] = useLooked();
  if (found.isPending) return <Skeleton height={420} label="Loading drift over time" />;
  if (!found.data) return <Failed error={found.error} what="Drift over time" />;
  const steps = stepsOf(found.data, zone);
  if (steps.windows.length === 0) {
    return (
      <Nothing title="No rows in this range">
        <p>Choose another range above.</p>
      </Nothing>
    );
  }
  return (
    <HeatSection
      id="drift-over-time"
      document={steps}
      limit={ROWS}
      lead="Columns by their largest effect. Click a cell for the column at that time."
      aside={<StepOfPage shown={shown} />}
      marked={placeIn(steps.windows, looked)}
      onPick={(place, column) => {
        const window = steps.windows[place];
        const at =
          window?.start && window.end
            ? `${iso(Date.parse(window.start))}..${iso(Date.parse(window.end))}`
            : "";
        navigate({ path: ["feature", column], query: { at } });
      }}
    />
  );
}
