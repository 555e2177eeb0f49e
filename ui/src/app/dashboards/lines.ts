import type { Line, PanelShown, Series } from "../../api/schema";
import type { LineOf, LinePoint } from "../../charts/lines";
import { capital, metricTitle } from "../../lib/words";

/** A line of a panel, and whose it is. */
export interface Owned {
  model: string;
  line: Line;
  series: Series;
}

/** Lines with a value; metrics that a model has none of are left out. */
export function linesOf(answers: { model: string; series: Series }[]): Owned[] {
  return answers.flatMap(({ model, series }) =>
    series.series
      .filter((line) => line.points.some((point) => typeof point.value === "number"))
      .map((line) => ({ model, line, series })),
  );
}

/** Lines of one unit stand on one scale. */
export function byUnit(lines: Owned[]): Owned[][] {
  const groups = new Map<string, Owned[]>();
  for (const owned of lines) {
    const unit = owned.line.unit ?? "";
    groups.set(unit, [...(groups.get(unit) ?? []), owned]);
  }
  return [...groups.values()];
}

/** What tells a line from the others of its panel, in words. */
export function nameOf(owned: Owned, among: Owned[]): string {
  const differs = (of: (one: Owned) => string | null) =>
    new Set(among.map((one) => of(one))).size > 1 ? of(owned) : null;
  const segment = differs((one) => one.line.segment);
  const parts = [
    differs((one) => one.model),
    differs((one) => metricWords(one.line)),
    differs((one) => one.line.column),
    segment?.slice(segment.indexOf(":") + 1),
    differs((one) => one.line.version),
  ].filter(Boolean);
  return parts.join(" · ") || metricWords(owned.line);
}

/** 'Latency p95', 'ROC AUC'. */
export function metricWords(line: Pick<Line, "metric" | "title">): string {
  const [base = "", at] = line.metric.split("@");
  const title = line.title ?? capital(metricTitle(base));
  return at && !title.includes(at) ? `${title} ${at}` : title;
}

/** The points of a line with a gap where steps are missing. */
export function drawn(owned: Owned, among: Owned[]): LineOf {
  const step = (owned.series.step_s ?? 3600) * 1000;
  const points: LinePoint[] = [];
  let before: number | null = null;
  for (const point of owned.line.points) {
    const at = Date.parse(point.start);
    if (before !== null && at - before > step * 1.5) points.push([before + step, null]);
    points.push([at, typeof point.value === "number" ? point.value : null]);
    before = at;
  }
  return { name: nameOf(owned, among), points };
}

/** Which models a panel shows. */
export function modelsOf(
  panel: Pick<PanelShown, "model">,
  chosen: string,
  all: readonly string[],
): string[] {
  if (panel.model === "*") return [...all];
  const model = panel.model ?? chosen;
  return model ? [model] : [];
}
