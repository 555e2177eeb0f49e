import { type ComponentType, lazy } from "react";
import { load } from "../load";
import type { Shown } from "./ModelPage";
import { OverviewPart } from "./OverviewPart";

export interface Part {
  /** The part of the address; '' is the overview. */
  path: string;
  /** In the row of tabs; '' where it is reached from another part. */
  title: string;
  component: ComponentType<Shown>;
}

// Each part brings its charts along when it is opened, and no other.
export const PARTS: Part[] = [
  { path: "", title: "Overview", component: OverviewPart },
  {
    path: "performance",
    title: "Performance",
    component: lazy(async () => ({
      default: (await load(() => import("./PerformancePart"))).PerformancePart,
    })),
  },
  {
    path: "drift",
    title: "Drift",
    component: lazy(async () => ({ default: (await load(() => import("./DriftPart"))).DriftPart })),
  },
  {
    path: "predictions",
    title: "Predictions",
    component: lazy(async () => ({
      default: (await load(() => import("./PredictionsPart"))).PredictionsPart,
    })),
  },
  {
    path: "quality",
    title: "Data quality",
    component: lazy(async () => ({
      default: (await load(() => import("./QualityPart"))).QualityPart,
    })),
  },
  {
    path: "service",
    title: "Service",
    component: lazy(async () => ({
      default: (await load(() => import("./ServicePart"))).ServicePart,
    })),
  },
  {
    path: "segments",
    title: "Segments",
    component: lazy(async () => ({
      default: (await load(() => import("./SegmentsPart"))).SegmentsPart,
    })),
  },
  {
    path: "compare",
    title: "Compare",
    component: lazy(async () => ({
      default: (await load(() => import("./ComparePart"))).ComparePart,
    })),
  },
  {
    path: "rows",
    title: "Rows",
    component: lazy(async () => ({ default: (await load(() => import("./RowsPart"))).RowsPart })),
  },
  {
    path: "settings",
    title: "Settings",
    component: lazy(async () => ({
      default: (await load(() => import("./SettingsPart"))).SettingsPart,
    })),
  },
  {
    path: "features",
    title: "",
    component: lazy(async () => ({
      default: (await load(() => import("./FeaturePart"))).FeaturePart,
    })),
  },
];
