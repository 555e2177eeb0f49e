import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { RuleFile, RuleGroup, RuleShown } from "../../api/schema";
import { asking, type Tried } from "../alerts/ask";
import { aloneIn, cutRule } from "./ruleText";

/** A rule in force, with the file and the group that hold it. */
export interface Held {
  file: RuleFile;
  group: RuleGroup;
  rule: RuleShown;
}

/** Every rule in force. */
export function heldIn(files: RuleFile[]): Held[] {
  return files.flatMap((file) =>
    file.groups.flatMap((group) => group.rules.map((rule) => ({ file, group, rule }))),
  );
}

/** A file with the rule alone; the whole file where it cannot be cut out. */
export function alone(held: Held): string {
  const cut = cutRule(held.file.text, held.rule.line);
  return cut ? aloneIn(held.group, cut.text).file : held.file.text;
}

/** What a rule would have done over a span; the answer before stands until the new one is there. */
export function useBacktest(text: string | null, span: string, model: string | null) {
  return useQuery({
    ...asking.backtest(text ?? "", span, model),
    enabled: text !== null && span !== "",
    placeholderData: keepPreviousData,
    retry: false,
  });
}

/** Of the alerts of a back-test, those of one rule. */
export function triedOf(tried: Tried[], held: Pick<Held, "group" | "rule">): Tried[] {
  const own = tried.filter(
    (each) => each.group === held.group.name && each.alert === held.rule.alert,
  );
  const exact = own.filter((each) => each.number === held.rule.number);
  // Cut out of its file, the rule is the only one of its name.
  return exact.length ? exact : own;
}
