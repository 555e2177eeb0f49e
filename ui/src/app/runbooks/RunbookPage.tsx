import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { RunbookShown } from "../../api/schema";
import { Link } from "../../components/Link";
import { useChoice, useRoute } from "../../state/route";
import { asking } from "../alerts/ask";
import { Answer, Page } from "../alerts/Page";
import { ask } from "../data/queries";
import { moment, useZone } from "../zone";
import { Markdown } from "./Markdown";
import type { About } from "./runWords";
import { StepCard } from "./StepCard";

/** A runbook: what to look at, what to do, and its steps to be run from here. */
export function RunbookPage(): ReactNode {
  const { runbook: name = "" } = useParams({ strict: false });
  const found = useQuery(asking.runbook(name));
  return (
    <Page title={name} crumb={{ title: "Runbooks", path: "/runbooks" }}>
      <Answer of={found} what={`The runbook ${name}`}>
        {(runbook) => <Shown runbook={runbook} />}
      </Answer>
    </Page>
  );
}

function Shown({ runbook }: { runbook: RunbookShown }): ReactNode {
  const [zone] = useZone();
  const about = useAbout();
  return (
    <>
      <section className="summary">
        <h1>{runbook.title}</h1>
        <p className="facts soft">
          <span>
            {runbook.starter
              ? "Comes with Watchkeeper; put your own in its place with "
              : `Applied ${moment(runbook.set_at, zone)}${runbook.who ? ` by ${runbook.who}` : ""}.`}
            {runbook.starter ? <code>watchkeeper runbooks apply {runbook.name}.md</code> : null}
          </span>
        </p>
      </section>
      <Subject />
      <RunbookText runbook={runbook} about={about} />
    </>
  );
}

/** The text of a runbook, with its steps as buttons in their places. */
export function RunbookText({
  runbook,
  about,
}: {
  runbook: RunbookShown;
  about: About;
}): ReactNode {
  const isKnown = about.incident !== undefined || Boolean(about.alert) || Boolean(about.target);
  return (
    <Markdown
      text={runbook.text}
      isUntitled
      step={(id) => {
        const step = runbook.steps.find((each) => each.id === id);
        if (!step) return null;
        return (
          <StepCard
            runbook={runbook.name}
            step={step}
            about={about}
            refusal={isKnown ? "" : "Choose above what it is for."}
          />
        );
      }}
    />
  );
}

/** What the address says that the steps are for. */
function useAbout(): About {
  const { query } = useRoute();
  if (query.incident) return { incident: Number(query.incident) };
  if (query.alert) return { alert: query.alert };
  return query.model ? { target: query.model } : {};
}

function Subject(): ReactNode {
  const { query } = useRoute();
  const [, setModel] = useChoice("model");
  const models = useQuery(ask.models());
  const alerts = useQuery(asking.alerts());
  if (query.incident) {
    return (
      <p className="note plain">
        <span>
          For{" "}
          <Link to={{ path: [`/incidents/${query.incident}`], query: {} }}>
            incident {query.incident}
          </Link>
          ; what is run is noted on its timeline.
        </span>
      </p>
    );
  }
  if (query.alert) {
    const alert = alerts.data?.alerts.find((each) => each.fingerprint === query.alert);
    return (
      <p className="note plain">
        <span>
          For the alert{" "}
          <Link to={{ path: ["/alerts"], query: { fingerprint: query.alert } }}>
            {alert ? `${alert.alert} on ${alert.model}` : query.alert}
          </Link>
          .
        </span>
      </p>
    );
  }
  return (
    <p className="tools subject">
      <label>
        Its steps are for the model{" "}
        <select value={query.model ?? ""} onChange={(event) => setModel(event.target.value)}>
          <option value="">Choose a model</option>
          {(models.data?.models ?? []).map((each) => (
            <option key={each.name}>{each.name}</option>
          ))}
        </select>
      </label>
    </p>
  );
}
