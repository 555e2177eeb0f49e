import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { GroupRead, ModelDetail, RuleShown } from "../../api/schema";
import { asking, type Tried } from "../alerts/ask";
import { ApiError } from "../data/api";
import { aloneIn, HEAD_INDENT, type Problem, problemsIn } from "./ruleText";
import { spanOf } from "./span";
import { useBacktest } from "./useTried";

const PAUSE = 350;

/** A value once it has been left alone for a moment. */
export function useSettled<T>(value: T, pause = PAUSE): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pause);
    return () => clearTimeout(timer);
  }, [value, pause]);
  return settled;
}

/** A rule that is being changed, what the server says of it, and what it would have done. */
export interface Draft {
  text: string;
  setText: (text: string) => void;
  /** As the server last read it. */
  rule: RuleShown | null;
  problems: Problem[];
  warnings: Problem[];
  /** Whether what is said above is of this very text. */
  isChecked: boolean;
  span: string;
  /** The past with the rule of `triedRule`, one for each version and segment. */
  tried: Tried[];
  triedRule: RuleShown | null;
  /** Whether `tried` is of this very text. */
  isTried: boolean;
  /** The past with the rule as it was to begin with. */
  before: Tried[];
  failure: Error | null;
}

export function useDraft(props: {
  initial: string;
  group: Pick<GroupRead, "name" | "model" | "interval" | "labels">;
  model: ModelDetail;
  window: string;
}): Draft {
  const { initial, group, model, window } = props;
  const [text, setText] = useState(initial);
  const settled = useSettled(text);
  const { file, head } = wrapped(group, settled);
  const check = useQuery({ ...asking.check(file), placeholderData: keepPreviousData });
  const isSound = check.isSuccess && !check.isPlaceholderData;
  const rule = useRule(check.data?.read[0]?.rules[0]);
  const span = spanOf(window, model, Date.now());
  const tested = useBacktest(isSound ? file : null, span, model.name);
  const before = useBacktest(wrapped(group, initial).file, span, model.name);
  const rules = useRef(new Map<string, RuleShown>());
  const read = check.data?.read[0]?.rules[0];
  if (isSound && read) rules.current.set(file, read);
  const wrong = check.error instanceof ApiError && check.error.status === 400 ? check.error : null;
  return {
    text,
    setText,
    rule,
    problems: wrong ? problemsIn(wrong.message, head, head ? HEAD_INDENT : 0) : [],
    warnings:
      check.error === null
        ? problemsIn((check.data?.warnings ?? []).join("\n"), head, head ? HEAD_INDENT : 0)
        : [],
    isChecked: settled === text && (isSound || wrong !== null),
    span,
    tried: tested.data?.rules ?? [],
    triedRule: rules.current.get(tested.data?.text ?? "") ?? null,
    isTried: settled === text && tested.data?.text === file,
    before: before.data?.rules ?? [],
    failure: tested.error ?? (wrong ? null : check.error),
  };
}

/** The rule that was read last, though the text is wrong at the moment. */
function useRule(found: RuleShown | undefined): RuleShown | null {
  const last = useRef<RuleShown | null>(null);
  if (found) last.current = found;
  return last.current;
}

/** The file around a rule; a text that is a file already stays as it is. */
const wrapped = (group: Parameters<typeof aloneIn>[0], text: string) =>
  /^groups:/m.test(text) ? { file: text, head: 0 } : aloneIn(group, text);
