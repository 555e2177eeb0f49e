import type { QueryClient } from "@tanstack/react-query";
import type { DashboardShown } from "../../api/schema";
import { linesOf, type Owned } from "./lines";
import { isMany, seriesOf } from "./many";
import { type Around, longQuestionsOf, questionsOf } from "./usePanel";

export interface Exported {
  panel: string;
  lines: Owned[];
}

/** All numbers of a dashboard, as its panels show them; what one panel cannot show is left out. */
export async function collect(
  client: QueryClient,
  dashboard: DashboardShown,
  around: Around,
): Promise<Exported[]> {
  const measured = dashboard.panels.filter((panel) => panel.metrics.length > 0);
  return Promise.all(
    measured.map(async (panel) => {
      const answers = await Promise.all(
        isMany(panel, around)
          ? longQuestionsOf(panel, around).map(async ({ name, question }) => {
              const lines = await client.fetchQuery(question).catch(() => null);
              return lines ? [{ model: name, series: seriesOf(lines) }] : [];
            })
          : questionsOf(panel, around).map(async ({ name, question }) => {
              const series = await client.fetchQuery(question).catch(() => null);
              return series ? [{ model: name, series }] : [];
            }),
      );
      return { panel: panel.title, lines: linesOf(answers.flat()) };
    }),
  );
}

const COLUMNS = [
  "panel", "model", "metric", "unit", "column", "segment", "version", "start", "end", "value",
  "low", "high", "rows",
]; // biome-ignore format: a row of names

/** A row for each point, as RFC 4180 has it. */
export function toCsv(exported: Exported[]): string {
  const rows = exported.flatMap(({ panel, lines }) =>
    lines.flatMap(({ model, line }) =>
      line.points.map((point) => [
        panel,
        model,
        line.metric,
        line.unit,
        line.column,
        line.segment,
        line.version,
        point.start,
        point.end,
        point.value,
        point.low,
        point.high,
        point.n_current,
      ]),
    ),
  );
  return `${[COLUMNS, ...rows].map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

/** A spreadsheet runs what begins like a formula: such a text gets an apostrophe before it. */
function cell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The dashboard with its numbers. */
export function toJson(dashboard: DashboardShown, around: Around, exported: Exported[]): string {
  return JSON.stringify(
    {
      dashboard: dashboard.title,
      window: around.window,
      panels: exported.map(({ panel, lines }) => ({
        title: panel,
        series: lines.map(({ model, line }) => ({ model, ...line })),
      })),
    },
    null,
    1,
  );
}

/** Hands something to the browser as a file. */
export function download(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
