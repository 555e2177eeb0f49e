import type { Reading } from "../../lib/words";
import type { FleetRow } from "./Fleet";

export interface Health extends Reading {
  /** The worst first, for sorting. */
  rank: number;
}

const GRAVE = new Set(["P0", "P1", "critical", "page", "error"]);

/** How a model is, in a word: alerts first, then what its windows say. */
export function healthOf({ alerts, glance, line }: FleetRow): Health {
  const firing = alerts.filter((alert) => alert.state === "firing");
  if (firing.some((alert) => GRAVE.has(alert.labels.severity ?? ""))) {
    return { word: "alerting", tone: "fail", rank: 5 };
  }
  if (firing.length) return { word: "alerting", tone: "warn", rank: 4 };
  if (alerts.some((alert) => alert.state === "no_data" || alert.state === "error")) {
    return { word: "unknown", tone: "none", rank: 3 };
  }
  if (!glance) return { word: "…", tone: "none", rank: 0 };
  if (!glance.rows) {
    return { word: line.last_event ? "silent" : "no predictions", tone: "none", rank: 2 };
  }
  const { performance } = glance;
  if (performance?.worse && performance.certain) return { word: "worse", tone: "fail", rank: 4 };
  if (glance.verdict === "drifted") return { word: "drifted", tone: "warn", rank: 2 };
  if (glance.verdict === null) return { word: "not compared", tone: "none", rank: 1 };
  if (glance.verdict === "not_enough_data") {
    return { word: "not enough data", tone: "none", rank: 1 };
  }
  return { word: "well", tone: "pass", rank: 0 };
}

const amount = (value: number, one: string, many = `${one}s`): string =>
  `${value} ${value === 1 ? one : many}`;

/** The state of the fleet as a sentence. */
export function fleetWords(rows: FleetRow[]): string {
  const words = new Map<string, number>();
  for (const row of rows) {
    const { word } = healthOf(row);
    words.set(word, (words.get(word) ?? 0) + 1);
  }
  if (words.has("…") && words.size === 1) return amount(rows.length, "model");
  const alerting = words.get("alerting") ?? 0;
  const parts = [
    alerting ? `${amount(alerting, "model")} ${alerting === 1 ? "has" : "have"} alerts` : "",
    words.get("worse") ? `${words.get("worse")} perform worse than the reference` : "",
    words.get("silent") ? `${words.get("silent")} silent` : "",
    words.get("drifted") ? `${words.get("drifted")} drifted` : "",
    words.get("unknown") ? `${words.get("unknown")} unknown` : "",
  ].filter(Boolean);
  if (rows.length === 1 && rows[0]?.glance?.headline) {
    return `${rows[0].line.name}: ${rows[0].glance.headline}`;
  }
  if (parts.length === 0) return `All ${amount(rows.length, "model")} are well.`;
  return `${parts.join("; ")}, of ${amount(rows.length, "model")}.`;
}
