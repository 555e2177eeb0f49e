/** An override, written into the text of the on-call file; all other lines stay as they are. */

import { scalar } from "../monitors/ruleText";

export interface Override {
  schedule: string;
  user: string;
  /** On the wall of the schedule's zone: '2026-11-25T09:00'. */
  from: string;
  to: string;
}

const indentOf = (line: string): number => /^\s*/.exec(line)?.[0].length ?? 0;
const isBare = (line: string): boolean => /^\s*(#|$)/.test(line);

/** Where the lines of a key's mapping begin and end; null where it is not written in lines. */
function blockOf(
  lines: string[],
  key: string,
  from: number,
  to: number,
  isTop: boolean,
): { start: number; end: number; indent: number } | null {
  for (let at = from; at < to; at += 1) {
    const line = lines[at] ?? "";
    const found = /^(\s*)(?:"([^"]*)"|'([^']*)'|([^\s'":#][^:]*?))\s*:\s*(#.*)?$/.exec(line);
    const name = found?.[2] ?? found?.[3] ?? found?.[4];
    const indent = indentOf(line);
    if (!found || name !== key || (isTop && indent !== 0)) continue;
    let end = at + 1;
    while (end < to) {
      const next = lines[end] ?? "";
      const isItem = indentOf(next) === indent && /^\s*-\s/.test(next);
      if (!isBare(next) && indentOf(next) <= indent && !isItem) break;
      end += 1;
    }
    while (end > at + 1 && isBare(lines[end - 1] ?? "")) end -= 1;
    return { start: at, end, indent };
  }
  return null;
}

/** The file with one more override; null where the schedule is not written line by line. */
export function withOverride(text: string, override: Override): string | null {
  const lines = text.split("\n");
  const all = blockOf(lines, "schedules", 0, lines.length, true);
  const own = all && blockOf(lines, override.schedule, all.start + 1, all.end, false);
  if (!own) return null;
  const inner = lines.slice(own.start + 1, own.end).find((line) => !isBare(line));
  const pad = " ".repeat(inner ? indentOf(inner) : own.indent + 2);
  const item = `- {user: ${scalar(override.user)}, from: ${override.from}, to: ${override.to}}`;
  const held = blockOf(lines, "overrides", own.start + 1, own.end, false);
  if (held) {
    const first = lines.slice(held.start + 1, held.end).find((line) => /^\s*-/.test(line));
    const deep = " ".repeat(first ? indentOf(first) : held.indent + 2);
    return [...lines.slice(0, held.end), deep + item, ...lines.slice(held.end)].join("\n");
  }
  if (lines.slice(own.start, own.end).some((line) => /^\s*overrides\s*:/.test(line))) return null;
  return [
    ...lines.slice(0, own.end),
    `${pad}overrides:`,
    `${pad}  ${item}`,
    ...lines.slice(own.end),
  ].join("\n");
}
