/** Where a new rule goes: at the end of a file that is kept here, or into a new one. */

import type { GroupRead, RuleFile } from "../../api/schema";
import { aloneIn, cutRule, putBack } from "./ruleText";

export interface Place {
  name: string;
  text: string;
  /** The file as it was; null where there was none. */
  before: string | null;
}

type GroupLike = Pick<GroupRead, "name" | "model" | "interval" | "labels">;

/** The file that a new rule of a group goes into. */
export function fileWith(files: RuleFile[], group: GroupLike, text: string): Place {
  for (const file of files) {
    const last = file.groups.at(-1);
    const rule = last?.rules.at(-1);
    if (file.source || !last || !rule || last.model !== group.model) continue;
    const cut = cutRule(file.text, rule.line);
    const isLast = cut?.after.every((line) => /^\s*(#|$)/.test(line));
    if (!cut || !isLast) continue;
    return { name: file.name, text: putBack(cut, `${cut.text}\n${text}`), before: file.text };
  }
  const taken = new Set(files.map((file) => file.name));
  let name = group.model ?? "rules";
  for (let number = 2; taken.has(name); number += 1) name = `${group.model} ${number}`;
  return { name, text: aloneIn(group, text).file, before: null };
}
