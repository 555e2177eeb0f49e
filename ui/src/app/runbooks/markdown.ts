/** The little of Markdown that runbooks and post-mortems use, as data; text never becomes markup. */

export type Inline =
  | { kind: "text" | "code" | "strong" | "em"; text: string }
  | { kind: "link"; text: string; href: string };

export type Block =
  | { kind: "heading"; level: number; inline: Inline[] }
  | { kind: "paragraph"; inline: Inline[] }
  | { kind: "list"; isOrdered: boolean; items: Inline[][] }
  | { kind: "quote"; inline: Inline[] }
  | { kind: "code"; language: string; text: string }
  | { kind: "table"; head: Inline[][]; rows: Inline[][][] }
  | { kind: "rule" };

const INLINE =
  /\\([\\`*_{}[\]<>()#+.!|~-])|(`+)(.+?)\2|\*\*(.+?)\*\*|\[([^\]]+)\]\(([^)\s]+)\)|<(https?:\/\/[^>\s]+)>|\*([^*\s][^*]*)\*/s;

/** The parts of a line. */
export function inlineOf(text: string): Inline[] {
  const parts: Inline[] = [];
  let rest = text;
  for (;;) {
    const found = INLINE.exec(rest);
    if (!found) break;
    if (found.index > 0) parts.push({ kind: "text", text: rest.slice(0, found.index) });
    parts.push(partOf(found));
    rest = rest.slice(found.index + found[0].length);
  }
  if (rest) parts.push({ kind: "text", text: rest });
  return parts;
}

function partOf(found: RegExpExecArray): Inline {
  const [whole, escaped, , code, strong, label, href, bare, em] = found;
  if (escaped !== undefined) return { kind: "text", text: escaped };
  if (code !== undefined) return { kind: "code", text: code };
  if (strong !== undefined) return { kind: "strong", text: strong };
  if (bare !== undefined) return { kind: "link", text: bare, href: bare };
  if (em !== undefined) return { kind: "em", text: em };
  // Only addresses that lead to pages become links: no scripts, no data.
  if (label !== undefined && href !== undefined && /^(https?:\/\/|\/(?!\/)|#)/.test(href)) {
    return { kind: "link", text: label, href };
  }
  return { kind: "text", text: label ?? whole };
}

const ITEM = /^\s*([-*]|\d+\.)\s+(.*)$/;
const DIVIDER = /^\s*\|?[\s:|-]+\|[\s:|-]*$/;

/** The blocks of a text. */
export function blocksOf(text: string): Block[] {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const [block, next] = blockAt(lines, at);
    if (block) blocks.push(block);
    at = next;
  }
  return blocks;
}

function blockAt(lines: string[], at: number): [Block | null, number] {
  const line = lines[at] ?? "";
  if (line.trim() === "" || line.trim().startsWith("<!--")) return [null, at + 1];
  const fence = /^\s*(```+|~~~+)\s*(\S*)/.exec(line);
  if (fence) return codeAt(lines, at, fence[1] ?? "```", fence[2] ?? "");
  const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
  if (heading) {
    const level = heading[1]?.length ?? 1;
    return [{ kind: "heading", level, inline: inlineOf(heading[2] ?? "") }, at + 1];
  }
  if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) return [{ kind: "rule" }, at + 1];
  if (line.includes("|") && DIVIDER.test(lines[at + 1] ?? "")) return tableAt(lines, at);
  if (ITEM.test(line)) return listAt(lines, at);
  if (/^\s*>/.test(line)) return joined(lines, at, "quote", (text) => text.replace(/^\s*>\s?/, ""));
  return joined(lines, at, "paragraph", (text) => text.trim());
}

function codeAt(lines: string[], at: number, fence: string, language: string): [Block, number] {
  let end = at + 1;
  while (end < lines.length && !(lines[end] ?? "").trim().startsWith(fence)) end += 1;
  return [{ kind: "code", language, text: lines.slice(at + 1, end).join("\n") }, end + 1];
}

const cellsOf = (line: string): Inline[][] =>
  line
    .trim()
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => inlineOf(cell.trim()));

function tableAt(lines: string[], at: number): [Block, number] {
  let end = at + 2;
  while (end < lines.length && (lines[end] ?? "").includes("|")) end += 1;
  const rows = lines.slice(at + 2, end).map(cellsOf);
  return [{ kind: "table", head: cellsOf(lines[at] ?? ""), rows }, end];
}

const ends = (line: string): boolean => line.trim() === "" || /^(#{1,6}\s|\s*(```|~~~))/.test(line);

function listAt(lines: string[], at: number): [Block, number] {
  const isOrdered = /^\s*\d+\./.test(lines[at] ?? "");
  const items: string[] = [];
  let end = at;
  while (end < lines.length && !ends(lines[end] ?? "")) {
    const found = ITEM.exec(lines[end] ?? "");
    if (found) items.push(found[2] ?? "");
    else items[items.length - 1] = `${items.at(-1) ?? ""} ${(lines[end] ?? "").trim()}`;
    end += 1;
  }
  return [{ kind: "list", isOrdered, items: items.map(inlineOf) }, end];
}

function joined(
  lines: string[],
  at: number,
  kind: "paragraph" | "quote",
  clean: (line: string) => string,
): [Block, number] {
  let end = at + 1;
  while (end < lines.length && !ends(lines[end] ?? "") && !ITEM.test(lines[end] ?? "")) end += 1;
  const text = lines.slice(at, end).map(clean).join(" ");
  return [{ kind, inline: inlineOf(text) }, end];
}

/** The id of a step in its block: `id: still-failing`. */
export const stepIdOf = (block: string): string => /^id:\s*['"]?([\w-]+)/m.exec(block)?.[1] ?? "";
