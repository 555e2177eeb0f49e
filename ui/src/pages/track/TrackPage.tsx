import { type ReactNode, useEffect, useLayoutEffect } from "react";
import type { TrackDocument } from "../../api/document";
import { Frame, type Place, scrollToPlace } from "../../components/Frame";
import { Guard } from "../../components/Guard";
import { Section } from "../../components/Section";
import { count, range } from "../../lib/format";
import { useRoute } from "../../state/route";
import { ComparisonBar } from "../Bar";
import { Finding } from "../comparison/Summary";
import { HeatSection } from "./HeatMap";
import { PerformanceTimelines, QualityTimelines, SegmentTimelines } from "./Timelines";
import { TrackFeature } from "./TrackFeature";
import { WindowPage } from "./WindowPage";
import { WindowsSection } from "./Windows";

let overviewScroll = 0;

/** Many windows against one reference: the whole, one window of it, or one column. */
export function TrackPage({ document }: { document: TrackDocument }): ReactNode {
  const { path } = useRoute();
  return (
    <Frame places={placesOf(document)} bar={<TrackBar document={document} />}>
      {path[0] === "window" ? (
        <Guard key={path[1]}>
          <WindowPage document={document} place={Number(path[1])} />
        </Guard>
      ) : path[0] === "feature" && path[1] !== undefined ? (
        <Guard key={path[1]}>
          <TrackFeature document={document} name={path[1]} />
        </Guard>
      ) : (
        <Overview document={document} section={path[0]} />
      )}
    </Frame>
  );
}

function placesOf(document: TrackDocument): Place[] {
  const drifted = document.windows.filter((window) => window.verdict === "drifted").length;
  const places: (Place | null)[] = [
    { id: "summary", title: "Summary", icon: "summary" },
    document.performance ? { id: "performance", title: "Performance", icon: "performance" } : null,
    { id: "drift", title: "Drift", icon: "heat" },
    {
      id: "windows",
      title: "Windows",
      icon: "windows",
      tally: drifted ? count(drifted) : "",
      isLoud: true,
    },
    hasSegments(document) ? { id: "segments", title: "Segments", icon: "segments" } : null,
    document.quality ? { id: "quality", title: "Quality", icon: "quality" } : null,
    { id: "method", title: "Method", icon: "about" },
  ];
  return places.filter((place): place is Place => place !== null);
}

const hasSegments = (document: TrackDocument): boolean =>
  Object.keys(document.performance_segments ?? {}).length > 0;

function TrackBar({ document }: { document: TrackDocument }): ReactNode {
  const { windows, every } = document;
  return (
    <>
      <ComparisonBar model={document.model} reference={document.reference} />
      <span className="side">
        <i className="swatch current" />
        <b>
          {count(windows.length)} windows{every ? ` of ${every}` : ""}
        </b>
        <span className="faint">{range(windows[0]?.start, windows.at(-1)?.end)} UTC</span>
      </span>
    </>
  );
}

function Overview({
  document,
  section,
}: {
  document: TrackDocument;
  section?: string | undefined;
}): ReactNode {
  useLayoutEffect(() => {
    window.scrollTo(0, overviewScroll);
    return () => {
      overviewScroll = window.scrollY;
    };
  }, []);
  useEffect(() => {
    if (section && overviewScroll === 0) scrollToPlace(section);
  }, [section]);
  return (
    <>
      <section className="summary" id="summary">
        <Finding summary={document.summary} />
      </section>
      <Guard>
        <PerformanceTimelines document={document} />
      </Guard>
      <Guard>
        <HeatSection document={document} />
      </Guard>
      <Guard>
        <WindowsSection document={document} />
      </Guard>
      <Guard>
        <SegmentTimelines document={document} />
      </Guard>
      <Guard>
        <QualityTimelines document={document} />
      </Guard>
      <Method document={document} />
    </>
  );
}

function Method({ document }: { document: TrackDocument }): ReactNode {
  const { generator, reference } = document;
  return (
    <Section id="method" title="Method">
      <p className="soft prose">
        Every window is compared with the reference {reference.name} ({count(reference.rows)} rows).
        Bands are 95{"\u00a0"}% intervals; a gap means that a window has no rows, a hollow mark that
        it has few. All times are UTC. Watchkeeper {generator.version}, document schema{" "}
        {document.schema_version}. This file holds all its data and asks for nothing over the
        network.
      </p>
    </Section>
  );
}
