import type { ModelLine } from "../../api/schema";

/** Whether a search finds a model: by its name, who answers for it, or a tag. */
export function isFound(line: ModelLine, search: string): boolean {
  const wanted = search.trim().toLowerCase();
  const texts = [line.name, line.owner ?? "", ...(line.tags ?? [])];
  return texts.some((text) => text.toLowerCase().includes(wanted));
}

/** How the list may be grouped: by what any of the models has. */
export function waysToGroup(lines: readonly ModelLine[]): string[] {
  return [
    ...(lines.some((line) => line.owner) ? ["owner"] : []),
    ...(lines.some((line) => line.tags?.length) ? ["tag"] : []),
    ...(new Set(lines.map((line) => line.task)).size > 1 ? ["task"] : []),
  ];
}

/** Rows by owner, tag or task; who has none comes last, and who has two tags stands in both. */
export function grouped<T extends { line: ModelLine }>(
  rows: readonly T[],
  by: string,
): { name: string; rows: T[] }[] {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    for (const name of namesOf(row.line, by)) groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  return [...groups]
    .map(([name, held]) => ({ name, rows: held }))
    .sort(
      (left, right) => Number(!left.name) - Number(!right.name) || compare(left.name, right.name),
    );
}

const compare = (left: string, right: string): number => left.localeCompare(right);

function namesOf(line: ModelLine, by: string): string[] {
  if (by === "tag") return line.tags?.length ? line.tags : [""];
  return [(by === "owner" ? line.owner : line.task) ?? ""];
}
