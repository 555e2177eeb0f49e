import { type ReactNode, useEffect, useLayoutEffect, useMemo } from "react";
import type { ComparisonDocument } from "../../api/document";
import { Frame, type Place, scrollToPlace } from "../../components/Frame";
import { Guard } from "../../components/Guard";
import { count } from "../../lib/format";
import { sidesOf } from "../../lib/sides";
import { useRoute } from "../../state/route";
import { ComparisonBar } from "../Bar";
import { About } from "./About";
import { ChecksSection } from "./Checks";
import { DriftSection } from "./Drift";
import { FeaturePage } from "./FeaturePage";
import { PerformanceSection } from "./Performance";
import { QualitySection } from "./Quality";
import { SegmentsSection } from "./Segments";
import { SummarySection } from "./Summary";

let overviewScroll = 0;

/** One data set held against another: the whole report, or one feature of it. */
export function ComparisonPage({ document }: { document: ComparisonDocument }): ReactNode {
  const route = useRoute();
  const feature = route.path[0] === "feature" ? route.path[1] : undefined;
  return (
    <Frame
      places={placesOf(document)}
      bar={
        <ComparisonBar
          model={document.model}
          reference={document.reference}
          current={document.current}
        />
      }
    >
      {feature !== undefined ? (
        <Guard key={feature}>
          <FeaturePage document={document} name={feature} />
        </Guard>
      ) : (
        <Overview document={document} section={route.path[0]} />
      )}
    </Frame>
  );
}

function placesOf({ checks, drift, performance, quality, summary }: ComparisonDocument): Place[] {
  const failed = checks.filter(
    (check) => check.status === "fail" || check.status === "warn",
  ).length;
  const drifted = summary.drift?.drifted ?? 0;
  const places: (Place | null)[] = [
    { id: "summary", title: "Summary", icon: "summary" },
    failed
      ? { id: "checks", title: "Checks", icon: "checks", tally: count(failed), isLoud: true }
      : null,
    performance ? { id: "performance", title: "Performance", icon: "performance" } : null,
    {
      id: "drift",
      title: "Drift",
      icon: "drift",
      tally: drifted ? count(drifted) : "",
      isLoud: true,
    },
    drift.segments && Object.keys(drift.segments).length
      ? { id: "segments", title: "Segments", icon: "segments" }
      : null,
    quality ? { id: "quality", title: "Quality", icon: "quality" } : null,
    { id: "method", title: "Method", icon: "about" },
  ];
  return places.filter((place): place is Place => place !== null);
}

function Overview({
  document,
  section,
}: {
  document: ComparisonDocument;
  section?: string | undefined;
}): ReactNode {
  // The way back from a feature leads to where the reader was; a link to a section leads there.
  useLayoutEffect(() => {
    window.scrollTo(0, overviewScroll);
    return () => {
      overviewScroll = window.scrollY;
    };
  }, []);
  useEffect(() => {
    if (section && overviewScroll === 0) scrollToPlace(section);
  }, [section]);
  const sides = useMemo(() => sidesOf(document), [document]);
  return (
    <>
      <SummarySection document={document} />
      <Guard>
        <ChecksSection checks={document.checks} counts={document.summary.checks} />
      </Guard>
      <Guard>
        <PerformanceSection
          performance={document.performance}
          model={document.model}
          sides={sides}
        />
      </Guard>
      <Guard>
        <DriftSection drift={document.drift} sides={sides} />
      </Guard>
      <Guard>
        <SegmentsSection drift={document.drift} />
      </Guard>
      <Guard>
        <QualitySection quality={document.quality} sides={sides} />
      </Guard>
      <About document={document} />
    </>
  );
}
