import type { ReactNode } from "react";
import type { ReportDocument } from "../api/document";
import { Guard } from "../components/Guard";
import { ComparisonPage } from "./comparison/ComparisonPage";
import { TrackPage } from "./track/TrackPage";

/** The page for a document of either kind. */
export function ReportPage({ document }: { document: ReportDocument }): ReactNode {
  return (
    <Guard headline={document.summary?.headline ?? "Watchkeeper report"}>
      {document.kind === "track" ? (
        <TrackPage document={document} />
      ) : (
        <ComparisonPage document={document} />
      )}
    </Guard>
  );
}
