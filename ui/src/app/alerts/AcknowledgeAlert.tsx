import { notifications } from "@mantine/notifications";
import type { ReactNode } from "react";
import type { Acknowledged } from "../../api/schema";
import { counted } from "../../lib/format";
import { Ask, NameField, nameIn } from "../Act";
import { send } from "../data/api";
import { Until } from "./Until";

/** Takes an alert on: who, for how long, and why. */
export function AcknowledgeAlert(props: {
  alert: { labels: Record<string, string> };
  isOpen: boolean;
  onClose: () => void;
}): ReactNode {
  const { alert, isOpen, onClose } = props;
  const submit = async (form: FormData) => {
    const done = await send<Acknowledged>("POST", "/v1/alerts/acknowledge", {
      labels: alert.labels,
      by: nameIn(form),
      until: form.get("until") || null,
      comment: String(form.get("comment") ?? ""),
    });
    const incidents = done.incidents.length
      ? `, with ${counted(done.incidents.length, "incident")}`
      : "";
    notifications.show({ message: `${done.by} has taken it on${incidents}.` });
  };
  return (
    <Ask
      title="Acknowledge"
      isOpen={isOpen}
      onClose={onClose}
      verb="Acknowledge"
      onSubmit={submit}
      lead="Who was told hears no repeats until then, and is told the end all the same. Incidents of this alert are acknowledged, too: nobody else is paged."
    >
      <NameField />
      <label htmlFor="comment">Reason (optional)</label>
      <input
        id="comment"
        name="comment"
        maxLength={2000}
        placeholder="I look at the weather feed"
      />
      <Until initial="8h" label="For how long" />
    </Ask>
  );
}
