import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { IncidentShown } from "../../api/schema";
import { Link } from "../../components/Link";
import { Empty, Section } from "../../components/Section";
import { asking } from "../alerts/ask";
import { Answer } from "../alerts/Page";
import { RunbookText } from "../runbooks/RunbookPage";
import { runbookRoute } from "../runbooks/RunbooksPage";

/** The runbook that its alerts name, with its steps to be run for this incident. */
export function IncidentRunbooks({ incident }: { incident: IncidentShown }): ReactNode {
  const alerts = useQuery(asking.alerts());
  const all = useQuery(asking.runbooks());
  const own = new Set(incident.alerts.map((alert) => alert.fingerprint));
  const named = (alerts.data?.alerts ?? [])
    .filter((alert) => own.has(alert.fingerprint))
    .map((alert) => alert.annotations.runbook ?? "");
  const held = new Set((all.data?.runbooks ?? []).map((each) => each.name));
  const names = [...new Set(named)].filter((name) => held.has(name));
  const [chosen, setChosen] = useState("");
  const name = chosen || names[0] || "";
  const select = (
    <label>
      <span className="soft">Runbook </span>
      <select value={name} onChange={(event) => setChosen(event.target.value)}>
        <option value="">Choose one</option>
        {(all.data?.runbooks ?? []).map((each) => (
          <option key={each.name} value={each.name}>
            {each.title}
            {names.includes(each.name) ? " (its alert's)" : ""}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <Section id="runbook" title="What to do" aside={select}>
      {name ? (
        <Whole name={name} incident={incident} />
      ) : (
        <Empty>Its alerts name no runbook; choose one.</Empty>
      )}
    </Section>
  );
}

function Whole({ name, incident }: { name: string; incident: IncidentShown }): ReactNode {
  const found = useQuery(asking.runbook(name));
  return (
    <Answer of={found} what={`The runbook ${name}`}>
      {(runbook) => (
        <details open={incident.alerts_firing > 0}>
          <summary>
            <b>{runbook.title}</b>
          </summary>
          <p className="buttons">
            <Link className="button" to={runbookRoute(name, { incident: String(incident.number) })}>
              Open it alone
            </Link>
          </p>
          <RunbookText runbook={runbook} about={{ incident: incident.number }} />
        </details>
      )}
    </Answer>
  );
}
