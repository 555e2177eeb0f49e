import type { ModelDetail, Row } from "../../api/schema";
import { number } from "../../lib/format";
import { celText, isPlainName } from "./at";

/** Which rows are asked for, ready to be pressed. */
export interface Quick {
  label: string;
  where: string;
}

export const roleOf = (model: Pick<ModelDetail, "columns">, role: string): string | undefined =>
  model.columns.find((column) => column.role === role)?.name;

/** A column in a condition; one that is no plain name is reached through the row. */
export const celColumn = (name: string): string =>
  isPlainName(name) ? name : `row[${JSON.stringify(name)}]`;

/** What is most often looked for among the rows of a model. */
export function quickFilters(model: Pick<ModelDetail, "columns" | "task" | "file">): Quick[] {
  const [label, prediction] = ["label", "prediction"].map((role) => {
    const name = roleOf(model, role);
    return name ? celColumn(name) : "";
  });
  const found: Quick[] = [{ label: "all", where: "" }];
  const isClassed = model.task === "binary" || model.task === "multiclass";
  if (label && prediction && isClassed) {
    found.push({ label: "wrong", where: `${label} != ${prediction}` });
    const classes = (model.file as { classes?: unknown[] } | null)?.classes ?? [];
    if (model.task === "binary" && classes.length === 2) {
      const [negative, positive] = classes.map((each) => celText(String(each)));
      found.push(
        { label: "false alarms", where: `${label} == ${negative} && ${prediction} == ${positive}` },
        { label: "missed", where: `${label} == ${positive} && ${prediction} == ${negative}` },
      );
    }
  }
  if (label) found.push({ label: "without a label", where: `${label} == null` });
  return found;
}

/** Right, wrong, or null where the label is not there yet. */
export function isRight(row: Pick<Row, "label" | "prediction">): boolean | null {
  if (row.label === null || row.label === undefined || row.prediction === null) return null;
  return String(row.label) === String(row.prediction);
}

/** A value of a row as text. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number") return number(value, 4);
  if (typeof value === "object") return JSON.stringify(value);
  return value === "" ? "''" : String(value);
}

const PLAIN = new Set(["features", "scores", "id", "violations"]);

/** All that is known of a row beside its features, in the order of the answer. */
export function factsOf(row: Row): [string, string][] {
  const facts = Object.entries(row)
    .filter(([name, value]) => !PLAIN.has(name) && value !== null && value !== undefined)
    .map(([name, value]): [string, string] => [name.replaceAll("_", " "), shown(value)]);
  const scores = Object.entries(row.scores ?? {}).map(([name, value]): [string, string] => [
    `score of ${name}`,
    number(value),
  ]);
  const violations = row.violations?.length
    ? [["violations", row.violations.join("; ")] as [string, string]]
    : [];
  return [...facts, ...scores, ...violations];
}
