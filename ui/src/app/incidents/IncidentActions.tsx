import { notifications } from "@mantine/notifications";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { IncidentShown } from "../../api/schema";
import { Ask, NameField, nameIn, Press } from "../Act";
import { Until } from "../alerts/Until";
import { at, send } from "../data/api";
import { ask } from "../data/queries";
import { useMay } from "../session/session";
import { CLASSES, SEVERITIES, type Step, stepsOf, stepTo } from "./events";

type State = IncidentShown["state"];

/** Sends what happened. */
export const happen = (
  incident: Pick<IncidentShown, "number">,
  event: string,
  given: Record<string, unknown>,
) => send<IncidentShown>("POST", at`/v1/incidents/${incident.number}/events`, { event, ...given });

/** What can be done with the incident as it stands. */
export function IncidentActions({ incident }: { incident: IncidentShown }): ReactNode {
  const may = useMay("edit");
  const begins = location.hash === "#acknowledge" && incident.state === "open";
  const [asked, setAsked] = useState<State | "severity" | null>(begins ? "acknowledged" : null);
  const [isMore, setMore] = useState(false);
  const { main, rest } = stepsOf(incident);
  const step = asked && asked !== "severity" ? stepTo(asked, incident.state) : null;
  return (
    <div className="buttons">
      {[...main, ...(isMore ? rest : [])].map((state, place) => (
        <Press key={state} isPrimary={place === 0} refusal={may} onPress={() => setAsked(state)}>
          {stepTo(state, incident.state)?.verb}
        </Press>
      ))}
      <Press refusal={may} onPress={() => setAsked("severity")}>
        Change severity
      </Press>
      {rest.length && !isMore ? (
        <button type="button" className="text-button" onClick={() => setMore(true)}>
          More
        </button>
      ) : null}
      {step ? <StepDialog incident={incident} step={step} onClose={() => setAsked(null)} /> : null}
      <SeverityDialog
        incident={incident}
        isOpen={asked === "severity"}
        onClose={() => setAsked(null)}
      />
    </div>
  );
}

function StepDialog(props: {
  incident: IncidentShown;
  step: Step;
  onClose: () => void;
}): ReactNode {
  const { incident, step, onClose } = props;
  const submit = async (form: FormData) => {
    const by = nameIn(form) || undefined;
    const text = String(form.get("text") ?? "") || undefined;
    const into = form.get("into") ? Number(form.get("into")) : undefined;
    await happen(incident, step.event, { by, text, into, until: form.get("until") || undefined });
    notifications.show({ message: `Noted: ${step.verb.toLowerCase()}.` });
  };
  return (
    <Ask
      title={step.verb}
      isOpen
      onClose={onClose}
      verb={step.verb}
      lead={step.lead}
      onSubmit={submit}
    >
      {step.event === "merge" ? <IntoField incident={incident} /> : null}
      {step.asks ? (
        <>
          <label htmlFor="text">{step.asks}</label>
          <textarea
            id="text"
            name="text"
            rows={2}
            maxLength={20_000}
            required={step.isTextNeeded}
          />
        </>
      ) : null}
      {step.event === "acknowledge" ? (
        <Until initial="8h" label="Who is on call is paged again after" />
      ) : null}
      <NameField />
    </Ask>
  );
}

function IntoField({ incident }: { incident: IncidentShown }): ReactNode {
  const found = useQuery(ask.incidents({ state: "active" }));
  const others = (found.data?.incidents ?? []).filter((each) => each.number !== incident.number);
  return (
    <>
      <label htmlFor="into">Into which incident</label>
      <select id="into" name="into" required>
        {others.map((each) => (
          <option key={each.number} value={each.number}>
            {each.number}: {each.title}
          </option>
        ))}
      </select>
      {others.length ? null : <p className="tone-fail">There is no other open incident.</p>}
    </>
  );
}

function SeverityDialog(props: {
  incident: IncidentShown;
  isOpen: boolean;
  onClose: () => void;
}): ReactNode {
  const { incident, isOpen, onClose } = props;
  const submit = async (form: FormData) => {
    const by = nameIn(form) || undefined;
    const severity = String(form.get("severity"));
    const kind = String(form.get("class"));
    const text = String(form.get("text"));
    if (severity !== incident.severity) await happen(incident, "severity", { by, severity, text });
    if (kind !== incident.class) await happen(incident, "amend", { by, class: kind, text });
  };
  return (
    <Ask
      title="Change severity"
      isOpen={isOpen}
      onClose={onClose}
      verb="Change it"
      lead="Deadlines follow the severity; people who were not paged yet may be."
      onSubmit={submit}
    >
      <div className="field-row">
        <span className="field">
          <label htmlFor="severity">Severity</label>
          <select id="severity" name="severity" defaultValue={incident.severity}>
            {SEVERITIES.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </span>
        <span className="field">
          <label htmlFor="class">What kind of trouble</label>
          <select id="class" name="class" defaultValue={incident.class}>
            {CLASSES.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </span>
      </div>
      <label htmlFor="text">Why</label>
      <textarea id="text" name="text" rows={2} required maxLength={20_000} />
      <NameField />
    </Ask>
  );
}
