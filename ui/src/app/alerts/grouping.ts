import type { AlertShown } from "../../api/schema";
import { counted } from "../../lib/format";
import type { ForeignAlert } from "./ask";
import { RANK, severityOf } from "./words";

export interface AlertGroup {
  name: string;
  /** The model that all of them are about, where the group is one of a model. */
  model: string | null;
  alerts: AlertShown[];
}

const order = (a: AlertShown, b: AlertShown): number =>
  RANK[a.state] - RANK[b.state] ||
  (severityOf(a.labels) || "P9").localeCompare(severityOf(b.labels) || "P9") ||
  a.since.localeCompare(b.since);

/** Alerts that other programs have raised, as rows beside ours; those about our rules are ours. */
export function fromElsewhere(foreign: ForeignAlert[], own: AlertShown[]): AlertShown[] {
  const known = new Set(own.map((alert) => alert.fingerprint));
  return foreign
    .filter((alert) => !known.has(alert.fingerprint) && !alert.labels.rulename)
    .map((alert) => ({
      fingerprint: alert.fingerprint,
      file: "",
      group: "",
      alert: alert.labels.alertname ?? "alert",
      number: 0,
      version: null,
      segment: null,
      acknowledged: null,
      model: alert.labels.model ?? "",
      state: "firing",
      since: alert.startsAt,
      labels: alert.labels,
      annotations: alert.annotations,
      value: null,
      low: null,
      high: null,
      rows: 0,
      fired_at: alert.startsAt,
      flapping: false,
      note: null,
      silenced_by: alert.status.silencedBy,
    }));
}

/** Alerts by model, by rule or in one list; the worst alert first, and the group that holds it. */
export function groupsOf(alerts: AlertShown[], by: string): AlertGroup[] {
  const groups = new Map<string, AlertGroup>();
  for (const alert of [...alerts].sort(order)) {
    const name = by === "none" ? "" : by === "rule" ? alert.alert : alert.model || "No model";
    const group = groups.get(name) ?? {
      name,
      model: by === "" && alert.file ? alert.model : null,
      alerts: [],
    };
    group.alerts.push(alert);
    groups.set(name, group);
  }
  return [...groups.values()];
}

/** Whether an alert has the letters that are searched for, anywhere. */
export function isShown(alert: AlertShown, search: string, isMutedHidden: boolean): boolean {
  if (isMutedHidden && alert.silenced_by.length) return false;
  const text = [alert.alert, alert.annotations.summary, ...Object.values(alert.labels)].join(" ");
  return text.toLowerCase().includes(search.trim().toLowerCase());
}

/** What fires, in a sentence: how many, how bad, on how many models, and who has them. */
export function sentenceOf(alerts: AlertShown[]): string {
  const firing = alerts.filter((alert) => alert.state === "firing" || alert.state === "recovering");
  if (firing.length === 0) {
    const blind = alerts.filter((alert) => alert.state === "error" || alert.state === "no_data");
    if (blind.length) {
      return `Nothing fires, but ${counted(blind.length, "monitor")} cannot tell: no data, or an error.`;
    }
    return `Nothing fires; ${counted(alerts.length, "alert")} ${alerts.length === 1 ? "is" : "are"} pending.`;
  }
  const models = new Set(firing.map((alert) => alert.model).filter(Boolean)).size;
  const severities = firing.map((alert) => severityOf(alert.labels)).filter(Boolean);
  const worst = severities.sort()[0];
  const alone = firing.filter((alert) => !alert.acknowledged && !alert.silenced_by.length).length;
  const parts = [
    `${counted(firing.length, "alert")} ${firing.length === 1 ? "fires" : "fire"}${models ? ` on ${counted(models, "model")}` : ""}`,
    worst ? `the worst is ${worst}` : "",
    alone === 0
      ? "all are taken or silenced"
      : alone === firing.length
        ? `nobody has taken ${firing.length === 1 ? "it" : "any of them"} yet`
        : `nobody has taken ${alone} of them`,
  ];
  return `${parts.filter(Boolean).join("; ")}.`;
}
