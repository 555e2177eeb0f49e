/** One rule in the text of its file: it is cut out, changed line by line, and put back. */

import type { GroupRead } from "../../api/schema";

/** A rule cut out of its file. */
export interface Cut {
  /** The rule alone, its dash at the left edge. */
  text: string;
  /** Lines before it in the file. */
  before: string[];
  after: string[];
  /** How far its dash stands from the left edge. */
  indent: number;
}

const dashOf = (line: string): number | null => {
  const found = /^(\s*)-(\s|$)/.exec(line);
  return found ? (found[1] ?? "").length : null;
};

const isBare = (line: string): boolean => /^\s*(#|$)/.test(line);
const indentOf = (line: string): number => /^\s*/.exec(line)?.[0].length ?? 0;

/** The rule that begins on a line (from 1); null where the file is not written in blocks. */
export function cutRule(file: string, line: number): Cut | null {
  const lines = file.split("\n");
  let start = line - 1;
  while (start >= 0 && dashOf(lines[start] ?? "") === null) {
    if (!isBare(lines[start] ?? "") && start < line - 1) return null;
    start -= 1;
  }
  if (start < 0 || /^\s*-\s*\{/.test(lines[start] ?? "")) return null;
  const indent = dashOf(lines[start] ?? "") ?? 0;
  let end = start + 1;
  while (end < lines.length) {
    const text = lines[end] ?? "";
    if (!isBare(text) && indentOf(text) <= indent) break;
    end += 1;
  }
  while (end > start + 1 && isBare(lines[end - 1] ?? "")) end -= 1;
  const own = lines.slice(start, end).map((text) => text.slice(Math.min(indent, indentOf(text))));
  return { text: own.join("\n"), before: lines.slice(0, start), after: lines.slice(end), indent };
}

/** The file with another text for the rule; nothing where it is taken out. */
export function putBack(cut: Cut, text: string | null): string {
  const pad = " ".repeat(cut.indent);
  const own =
    text === null
      ? []
      : text
          .replace(/\s+$/, "")
          .split("\n")
          .map((line) => (line.trim() ? pad + line : line));
  return [...cut.before, ...own, ...cut.after].join("\n");
}

/** The lines above the rule in a file that has this rule alone, and how far it is set in. */
export const HEAD_INDENT = 6;

/** A file with one rule, as its group has it. */
export function aloneIn(
  group: Pick<GroupRead, "name" | "model" | "interval" | "labels">,
  text: string,
): { file: string; head: number } {
  const head = [
    "groups:",
    `  - name: ${JSON.stringify(group.name)}`,
    ...(group.model ? [`    model: ${JSON.stringify(group.model)}`] : []),
    `    interval: ${group.interval}`,
    ...(Object.keys(group.labels).length ? [`    labels: ${JSON.stringify(group.labels)}`] : []),
    "    rules:",
  ];
  const cut = { text, before: head, after: [""], indent: HEAD_INDENT };
  return { file: putBack(cut, text), head: head.length };
}

/** What is wrong in a text, by line and column from 1. */
export interface Problem {
  line: number;
  column: number;
  said: string;
}

/** The problems that the server names, as places in the rule alone. */
export function problemsIn(message: string, head = 0, indent = HEAD_INDENT): Problem[] {
  return message
    .split("\n")
    .filter((text) => text.trim())
    .map((text) => {
      const found = /line (\d+), column (\d+): (.*)$/.exec(text);
      if (!found) return { line: 0, column: 0, said: text };
      return {
        line: Math.max(1, Number(found[1]) - head),
        column: Math.max(1, Number(found[2]) - indent),
        said: found[3] ?? "",
      };
    });
}

const ORDER = [
  "alert", "expr", "budget", "clear", "for", "keep_firing_for", "window", "segment", "by_version",
  "min_rows", "no_data", "on_error", "limit", "severity", "labels", "annotations",
]; // biome-ignore format: one list

/** A value as YAML writes it on one line. */
export function scalar(value: string): string {
  const isPlain =
    /^[A-Za-z0-9_(.!/-][^\n]*$/.test(value) &&
    !/: |:$| #|^- |^\s|\s$/.test(value) &&
    !/^(true|false|null|yes|no|on|off|~)$/i.test(value) &&
    !/^!/.test(value);
  return isPlain ? value : `'${value.replaceAll("'", "''")}'`;
}

/** The rule with a key set to a value, or without it; all other lines stay as they are. */
export function setKey(rule: string, key: string, value: string | null): string {
  const [parent, child] = key.split(".");
  return child
    ? setNested(rule, parent ?? "", child, value)
    : setTop(rule, key, value === null ? null : scalar(value));
}

interface Found {
  start: number;
  end: number;
}

const patternOf = (key: string) => new RegExp(`^(- | *)${key}:(\\s|$)`);

/** Where keys of the rule begin: behind its dash. */
function widthOf(lines: string[]): number {
  return /^-\s*/.exec(lines[0] ?? "")?.[0].length ?? 2;
}

function findKey(lines: string[], key: string, width: number): Found | null {
  const start = lines.findIndex(
    (line, place) =>
      patternOf(key).test(line) && (place === 0 ? line.startsWith("-") : indentOf(line) === width),
  );
  if (start < 0) return null;
  let end = start + 1;
  while (end < lines.length && (isBare(lines[end] ?? "") || indentOf(lines[end] ?? "") > width)) {
    end += 1;
  }
  while (end > start + 1 && isBare(lines[end - 1] ?? "")) end -= 1;
  return { start, end };
}

function setTop(rule: string, key: string, value: string | null): string {
  const lines = rule.split("\n");
  const width = widthOf(lines);
  const found = findKey(lines, key, width);
  if (value === null) {
    if (!found || found.start === 0) return rule;
    return [...lines.slice(0, found.start), ...lines.slice(found.end)].join("\n");
  }
  if (found) {
    const old = lines[found.start] ?? "";
    const lead = /^(-\s*|\s*)/.exec(old)?.[0] ?? "";
    const comment = found.end - found.start === 1 ? (/\s+#[^'"]*$/.exec(old)?.[0] ?? "") : "";
    const line = `${lead}${key}: ${value}${comment}`;
    return [...lines.slice(0, found.start), line, ...lines.slice(found.end)].join("\n");
  }
  const at = placeFor(lines, key, width);
  return [...lines.slice(0, at), `${" ".repeat(width)}${key}: ${value}`, ...lines.slice(at)].join(
    "\n",
  );
}

/** Behind the last key that usually stands before it. */
function placeFor(lines: string[], key: string, width: number): number {
  for (const name of ORDER.slice(0, ORDER.indexOf(key)).reverse()) {
    const found = findKey(lines, name, width);
    if (found) return found.end;
  }
  return 1;
}

function setNested(rule: string, parent: string, key: string, value: string | null): string {
  const lines = rule.split("\n");
  const width = widthOf(lines);
  const found = findKey(lines, parent, width);
  const pad = " ".repeat(width + 2);
  if (!found) {
    if (value === null) return rule;
    const at = placeFor(lines, parent, width);
    const own = [`${" ".repeat(width)}${parent}:`, `${pad}${key}: ${scalar(value)}`];
    return [...lines.slice(0, at), ...own, ...lines.slice(at)].join("\n");
  }
  const inner = lines.slice(found.start + 1, found.end);
  // A mapping on one line is left to the text: it cannot be changed line by line.
  if (!/:\s*(#.*)?$/.test(lines[found.start] ?? "")) return rule;
  const deep = inner.find((line) => !isBare(line));
  const step = deep ? indentOf(deep) : width + 2;
  const body = [`- ${"x: 1"}`, ...inner.map((line) => line.slice(step - 2))].join("\n");
  const changed = setTop(body, key, value === null ? null : scalar(value));
  const next = changed
    .split("\n")
    .slice(1)
    .map((line) => (line.trim() ? " ".repeat(step - 2) + line : line));
  const head = next.length ? [lines[found.start] ?? ""] : [];
  return [...lines.slice(0, found.start), ...head, ...next, ...lines.slice(found.end)].join("\n");
}
