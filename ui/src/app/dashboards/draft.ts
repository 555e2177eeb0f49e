import type { DashboardShown, PanelShown } from "../../api/schema";

/** A dashboard while it is being changed. */
export interface Draft {
  title: string;
  description: string;
  window: string | null;
  panels: PanelShown[];
}

export const NEW_PANEL: PanelShown = {
  kind: "lines",
  title: "",
  size: "half",
  metrics: [],
  columns: [],
  model: null,
  version: null,
  segment: null,
  step: null,
  text: "",
};

export const EMPTY: Draft = { title: "", description: "", window: null, panels: [] };

export const draftOf = (kept: DashboardShown): Draft => ({
  title: kept.shipped ? `${kept.title} (copy)` : kept.title,
  description: kept.description,
  window: kept.window,
  panels: kept.panels,
});

const MEASURED = new Set<PanelShown["kind"]>(["lines", "numbers", "table"]);

export const isMeasured = (kind: PanelShown["kind"]): boolean => MEASURED.has(kind);

/** What the server is sent: nothing that a panel of its kind does not have. */
export function bodyOf(draft: Draft): unknown {
  return {
    title: draft.title.trim(),
    ...(draft.description.trim() ? { description: draft.description.trim() } : {}),
    ...(draft.window ? { window: draft.window } : {}),
    panels: draft.panels.map(panelBody),
  };
}

function panelBody(panel: PanelShown): Record<string, unknown> {
  const all: [string, unknown, boolean][] = [
    ["model", panel.model, true],
    ["metrics", panel.metrics, isMeasured(panel.kind)],
    ["columns", panel.columns, isMeasured(panel.kind)],
    ["version", panel.version, isMeasured(panel.kind)],
    ["segment", panel.segment, isMeasured(panel.kind)],
    ["step", panel.step, panel.kind === "lines"],
    ["text", panel.text, panel.kind === "text"],
  ];
  const given = all.filter(
    ([, value, belongs]) =>
      belongs && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0),
  );
  return {
    kind: panel.kind,
    title: panel.title.trim(),
    size: panel.size,
    ...Object.fromEntries(given.map(([name, value]) => [name, value])),
  };
}

/** Why a panel cannot be kept yet; '' where it can. */
export function missing(panel: PanelShown): string {
  if (!panel.title.trim()) return "Give the panel a title.";
  if (isMeasured(panel.kind) && panel.metrics.length === 0) return "Choose at least one metric.";
  if (panel.kind === "text" && !panel.text.trim()) return "Write some words.";
  return "";
}

/** A list with one of its items moved by a place. */
export function moved<T>(items: readonly T[], place: number, by: -1 | 1): T[] {
  const to = place + by;
  const next = [...items];
  const item = next[place];
  if (item === undefined || to < 0 || to >= items.length) return next;
  next.splice(place, 1);
  next.splice(to, 0, item);
  return next;
}
