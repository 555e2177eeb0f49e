import type { AlertShown } from "../../api/schema";
import type { Reading } from "../../lib/words";
import { secondsOf } from "../alerts/Until";
import { RANK, STATES } from "../alerts/words";
import type { Held } from "./useTried";

/** The alerts of a rule. */
export function alertsOf(held: Held, alerts: AlertShown[]): AlertShown[] {
  return alerts.filter(
    (alert) =>
      alert.file === held.file.name &&
      alert.group === held.group.name &&
      alert.alert === held.rule.alert &&
      alert.number === held.rule.number,
  );
}

export interface MonitorState extends Reading {
  rank: number;
  /** Why, where the word alone does not say. */
  why: string;
  /** When it was last evaluated; null: never. */
  at: string | null;
}

const LATE = 3;

/** How a monitor stands: the worst of its alerts, unless nobody has looked of late. */
export function monitorState(held: Held, alerts: AlertShown[], now: number): MonitorState {
  const { evaluated, interval } = held.group;
  const at = evaluated.map((each) => each.at).sort()[0] ?? null;
  const error = evaluated.find((each) => each.error)?.error;
  if (!at) return { word: "unknown", tone: "none", rank: 2.5, why: "Not evaluated yet.", at };
  if (error) return { ...STATES.error, rank: RANK.error, why: error, at };
  const longest = Math.max(60, secondsOf(interval) ?? 60) * 1000 * LATE + 60_000;
  if (now - Date.parse(at) > longest) {
    return { word: "unknown", tone: "none", rank: 2.5, why: "Not evaluated of late.", at };
  }
  const worst = alertsOf(held, alerts).sort((a, b) => RANK[a.state] - RANK[b.state])[0];
  const state = worst?.state ?? "inactive";
  // With the policies 'keep' and 'ok' missing data are no state of their own, yet nobody knows.
  if (state === "inactive" && worst?.note) {
    return { word: "quiet, no data", tone: "none", rank: 4.5, why: worst.note, at };
  }
  return { ...STATES[state], rank: RANK[state], why: worst?.note ?? "", at };
}

/** The monitors in a sentence. */
export function monitorsWords(states: MonitorState[]): string {
  const tally = (word: string) => states.filter((state) => state.word === word).length;
  const parts = [
    [tally("firing") + tally("recovering"), "fire", "fires"],
    [tally("pending"), "are pending", "is pending"],
    [tally("error"), "cannot be evaluated", "cannot be evaluated"],
    [tally("no data"), "have no data", "has no data"],
    [tally("unknown"), "are unknown", "is unknown"],
  ] as [number, string, string][];
  const said = parts
    .filter(([amount]) => amount > 0)
    .map(([amount, many, one]) => `${amount} ${amount === 1 ? one : many}`);
  const total = `${states.length} ${states.length === 1 ? "monitor" : "monitors"}`;
  return said.length ? `${total}: ${said.join(", ")}.` : `${total}, all quiet.`;
}
