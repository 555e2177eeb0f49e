import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Alerts, History } from "../../api/schema";
import type { TimelineEvent } from "../../charts/timeline";
import { episodesOf } from "../alerts/episodes";
import { ask } from "../data/queries";
import { askModel } from "./queries";

/** What happened to a model in a range: changes, and when alerts fired. Nothing where the model is "". */
export function useEvents(model: string, window: string): TimelineEvent[] {
  const enabled = model !== "";
  const changes = useQuery({ ...ask.changes(model, window), enabled });
  const alerts = useQuery({ ...ask.alerts({ model }), enabled });
  const history = useQuery({ ...askModel.history(model), enabled });
  return useMemo(() => {
    // An answer about the model before stands until the next one comes.
    if (!enabled) return [];
    return [
      ...(changes.data?.changes ?? []).map(
        (change): TimelineEvent => ({
          at: Date.parse(change.time),
          name: change.title ?? change.kind ?? "",
          kind: "change",
        }),
      ),
      ...firings(alerts.data?.alerts ?? [], history.data?.history ?? []),
    ];
  }, [enabled, changes.data, alerts.data, history.data]);
}

/** When alerts fired, each time once: those that fire now, and those that the history knows. */
export function firings(
  alerts: Pick<Alerts["alerts"][number], "alert" | "fired_at">[],
  history: History["history"],
): TimelineEvent[] {
  const found = new Map<string, TimelineEvent>();
  const add = (name: string, iso: string) => {
    const at = Date.parse(iso);
    found.set(`${name}\n${Math.round(at / 60_000)}`, { at, name, kind: "alert" });
  };
  for (const episode of episodesOf(history)) add(episode.alert, episode.from);
  for (const alert of alerts) if (alert.fired_at) add(alert.alert, alert.fired_at);
  return [...found.values()];
}
