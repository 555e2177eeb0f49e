import { useQueries } from "@tanstack/react-query";
import { useMemo, useRef } from "react";
import type { ModelLine, PanelShown } from "../../api/schema";
import type { Params } from "../data/api";
import { ask } from "../data/queries";
import { stepOf } from "../model/steps";
import { linesOf, modelsOf, type Owned } from "./lines";

/** What all panels of a page have in common. */
export interface Around {
  models: ModelLine[];
  /** The model that the page names. */
  model: string;
  window: string;
}

export interface Answered {
  lines: Owned[];
  isPending: boolean;
  error: Error | null;
}

/** What of a panel decides what is asked for it. */
export type Asked = Pick<
  PanelShown,
  "kind" | "model" | "metrics" | "columns" | "version" | "segment" | "step"
>;

const namesOf = (panel: Asked, around: Around): string[] =>
  modelsOf(
    panel,
    around.model,
    around.models.map((model) => model.name),
  );

/** From the first to the last prediction of a model. */
export function spanOf(around: Around, name: string) {
  const model = around.models.find((each) => each.name === name);
  return { first_event: model?.first_event ?? null, last_event: model?.last_event ?? null };
}

const paramsOf = (panel: Asked, around: Around, name: string): Params => ({
  metric: panel.metrics,
  column: panel.columns,
  window: around.window,
  version: panel.version ?? undefined,
  segment: panel.segment ?? undefined,
  step:
    panel.kind === "lines" ? (panel.step ?? stepOf(around.window, spanOf(around, name))) : "window",
});

/** What is asked for a panel: of each of its models. */
export const questionsOf = (panel: Asked, around: Around) =>
  namesOf(panel, around).map((name) => ({
    name,
    question: ask.series(name, paramsOf(panel, around, name)),
  }));

/** The same as bare values, for lines of many points. */
export const longQuestionsOf = (panel: Asked, around: Around) =>
  namesOf(panel, around).map((name) => ({
    name,
    question: ask.lines(name, paramsOf(panel, around, name)),
  }));

/** What a panel of many points shows; the same object until an answer is another. */
export function useLongs(panel: Asked, around: Around) {
  const asked = longQuestionsOf(panel, around);
  const found = useQueries({ queries: asked.map((one) => one.question) });
  const data = useSame(found.map((one) => one.data));
  const names = useSame(asked.map((one) => one.name));
  const answers = useMemo(
    () => data.flatMap((lines, place) => (lines ? [{ model: names[place] ?? "", lines }] : [])),
    [data, names],
  );
  return {
    answers,
    isPending: found.some((one) => one.isPending),
    error: answers.length ? null : (found.find((one) => one.error)?.error ?? null),
  };
}

/** The list as it was, as long as it holds the same. */
function useSame<T>(items: T[]): T[] {
  const kept = useRef(items);
  const isSame =
    kept.current.length === items.length &&
    items.every((item, place) => item === kept.current[place]);
  if (!isSame) kept.current = items;
  return kept.current;
}

/** What a panel shows: the series of each of its models, those without values left out. */
export function usePanel(panel: PanelShown, around: Around): Answered {
  const asked = questionsOf(panel, around);
  const found = useQueries({ queries: asked.map((one) => one.question) });
  const answers = found.flatMap(({ data }, place) =>
    data ? [{ model: asked[place]?.name ?? "", series: data }] : [],
  );
  return {
    lines: linesOf(answers),
    isPending: found.some((one) => one.isPending),
    error: answers.length ? null : (found.find((one) => one.error)?.error ?? null),
  };
}
