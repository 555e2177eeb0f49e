import { lazy, type ReactNode, Suspense } from "react";
import { SummarySection } from "../../pages/comparison/Summary";
import { load } from "../load";
import { Skeleton } from "../shell/states";
import type { Shown } from "./ModelPage";
import { OfReport } from "./ReportParts";

const Strips = lazy(async () => ({ default: (await load(() => import("./Strips"))).Strips }));

/** The finding, and how it came to that. */
export function OverviewPart(shown: Shown): ReactNode {
  return (
    <>
      <OfReport shown={shown} what="The overview">
        {(document) => <SummarySection document={document} atOnce={2} />}
      </OfReport>
      <Suspense fallback={<Skeleton height={620} label="Loading the timeline" />}>
        <Strips shown={shown} />
      </Suspense>
    </>
  );
}
