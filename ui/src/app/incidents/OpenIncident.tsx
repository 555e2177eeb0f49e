import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { IncidentShown } from "../../api/schema";
import { navigate } from "../../state/route";
import { Ask, NameField, nameIn } from "../Act";
import { send } from "../data/api";
import { ask } from "../data/queries";
import { CLASSES, SEVERITIES } from "./events";
import { incidentRoute } from "./IncidentsPage";

/** Opens an incident by hand, for trouble that no monitor sees. */
export function OpenIncident(props: { isOpen: boolean; onClose: () => void }): ReactNode {
  const models = useQuery(ask.models());
  const submit = async (form: FormData) => {
    const model = String(form.get("model") ?? "");
    const opened = await send<IncidentShown>("POST", "/v1/incidents", {
      title: form.get("title"),
      severity: form.get("severity"),
      class: form.get("class"),
      models: model ? [model] : [],
      summary: String(form.get("summary") ?? ""),
      by: nameIn(form) || undefined,
    });
    navigate(incidentRoute(opened));
  };
  return (
    <Ask
      title="Open an incident"
      isOpen={props.isOpen}
      onClose={props.onClose}
      verb="Open it and tell who is on call"
      lead="Who is on call is told at once. You command it until somebody else does."
      onSubmit={submit}
    >
      <label htmlFor="title">What is broken</label>
      <input id="title" name="title" required maxLength={500} placeholder="Late answers at LGA" />
      <div className="field-row">
        <span className="field">
          <label htmlFor="severity">Severity</label>
          <select id="severity" name="severity" defaultValue="SEV-2">
            {SEVERITIES.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </span>
        <span className="field">
          <label htmlFor="class">What kind of trouble</label>
          <select id="class" name="class" defaultValue="model">
            {CLASSES.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </span>
        <span className="field">
          <label htmlFor="model">Model</label>
          <select id="model" name="model" defaultValue="">
            <option value="">none, or several</option>
            {(models.data?.models ?? []).map((each) => (
              <option key={each.name}>{each.name}</option>
            ))}
          </select>
        </span>
      </div>
      <label htmlFor="summary">What is known (optional)</label>
      <textarea id="summary" name="summary" rows={3} maxLength={20_000} />
      <NameField />
    </Ask>
  );
}
