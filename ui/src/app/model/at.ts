import { useMemo } from "react";
import type { Route } from "../../lib/route";
import { useChoice } from "../../state/route";
import { hourOf } from "../hours";

/** The time that somebody looks at, the same on all charts of a page: START..END in the URL. */
export interface Looked {
  from: string;
  to: string;
}

export function parseLooked(text: string): Looked | null {
  const [from, to] = text.split("..");
  if (!from || !to || !(Date.parse(from) < Date.parse(to))) return null;
  return { from, to };
}

/** What is looked at, and what changes it. */
export function useLooked(): [Looked | null, (from: number, to: number) => void, () => void] {
  const [text, choose] = useChoice("at");
  const looked = useMemo(() => parseLooked(text), [text]);
  return [looked, (from, to) => choose(`${hourOf(from)}..${hourOf(to, true)}`), () => choose("")];
}

export const extentOf = (looked: Looked | null): [number, number] | null =>
  looked ? [Date.parse(looked.from), Date.parse(looked.to)] : null;

/** The page of the rows of a time, with a condition where one is known. */
export const rowsAt = (looked: Looked, where = ""): Route => ({
  path: ["rows"],
  query: { window: "", from: looked.from, to: looked.to, ...(where ? { where } : {}) },
});

/** A constant of CEL; text is quoted so that no value can end it. */
export const celText = (value: string | number | boolean): string =>
  typeof value === "string" ? JSON.stringify(value) : String(value);

/** Columns that are no plain names are reached through the row. */
export const isPlainName = (name: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);

/** `origin:JFK` as a condition on rows. */
export function segmentWhere(segment: string | undefined): string {
  const cut = (segment ?? "").indexOf(":");
  if (!segment || cut < 1) return "";
  const column = segment.slice(0, cut);
  return isPlainName(column) ? `${column} == ${celText(segment.slice(cut + 1))}` : "";
}

export const both = (...conditions: string[]): string => conditions.filter(Boolean).join(" && ");
