import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { IncidentShown } from "../../api/schema";
import { Link } from "../../components/Link";
import { Mark } from "../../components/Mark";
import { Name } from "../../components/Name";
import { counted } from "../../lib/format";
import { capital } from "../../lib/words";
import { asking } from "../alerts/ask";
import { Answer, Page } from "../alerts/Page";
import { INCIDENT_STATES, listed } from "../alerts/words";
import { modelPath } from "../pages/Fleet";
import { duration, moment, relative, useZone, zoneName } from "../zone";
import { dueWords } from "./events";
import { IncidentActions } from "./IncidentActions";
import { IncidentRunbooks } from "./IncidentRunbooks";
import { IncidentTimeline } from "./IncidentTimeline";
import { LinkedAlerts } from "./LinkedAlerts";
import { People } from "./People";
import { PostMortem } from "./PostMortem";

/** One incident: how it stands, what is due, what was seen and done, and what to do. */
export function IncidentPage(): ReactNode {
  const { incident: number = "" } = useParams({ strict: false });
  const found = useQuery(asking.incident(number));
  return (
    <Page title={`Incident ${number}`} crumb={{ title: "Incidents", path: "/incidents" }}>
      <Answer of={found} what={`The incident ${number}`}>
        {(incident) => <Shown incident={incident} />}
      </Answer>
    </Page>
  );
}

function Shown({ incident }: { incident: IncidentShown }): ReactNode {
  return (
    <>
      <Head incident={incident} />
      <IncidentActions incident={incident} />
      <LinkedAlerts incident={incident} />
      <IncidentTimeline incident={incident} />
      <IncidentRunbooks incident={incident} />
      <People incident={incident} />
      <PostMortem incident={incident} />
    </>
  );
}

function Head({ incident }: { incident: IncidentShown }): ReactNode {
  const [zone] = useZone();
  const began = incident.began_at ?? incident.opened_at;
  const over = incident.took_s.resolve;
  return (
    <section className="summary">
      <h1>{incident.title}</h1>
      <p className="facts">
        <Mark reading={INCIDENT_STATES[incident.state]} />
        <span>
          {incident.severity} <span className="soft">({incident.class})</span>
        </span>
        <span>
          since {moment(began, zone)} {zoneName(zone)}{" "}
          <span className="soft">
            ({over === null ? relative(began, Date.now()) : `lasted ${duration(over)}`})
          </span>
        </span>
        <span>
          {incident.commander ? (
            <>
              commanded by <Name text={incident.commander} />
            </>
          ) : (
            "nobody commands it"
          )}
        </span>
        {incident.models.map((model) => (
          <Link key={model} to={{ path: [modelPath(model)], query: {} }}>
            <Name text={model} />
          </Link>
        ))}
      </p>
      {incident.summary ? <p className="story">{incident.summary}</p> : null}
      {incident.merged_into ? (
        <p className="note plain">
          <Link to={{ path: [`/incidents/${incident.merged_into}`], query: {} }}>
            It goes on as incident {incident.merged_into}
          </Link>
        </p>
      ) : null}
      {incident.mitigation_suggested ? (
        <p className="note plain">
          All its alerts are over. If nobody is hurt any more, call it mitigated.
        </p>
      ) : null}
      <Due incident={incident} />
    </section>
  );
}

/** What is due, what has passed, and who is paged meanwhile. */
function Due({ incident }: { incident: IncidentShown }): ReactNode {
  const [zone] = useZone();
  const { escalation, deadlines } = incident;
  return (
    <>
      {deadlines.map((due) => (
        <p className={due.overdue ? "note" : "note plain"} key={due.what}>
          <span>
            {due.overdue ? <b className="tone-fail">Overdue. </b> : null}
            {capital(dueWords(due.what))} {due.overdue ? "since" : "by"} {moment(due.at, zone)} (
            {relative(due.at, Date.now())})
          </span>
        </p>
      ))}
      {escalation ? (
        <p className="soft paging">
          {escalation.told.length
            ? `Paged so far: ${listed(escalation.told)} (${counted(escalation.steps_told, "step")} of the chain ${escalation.chain ?? ""}).`
            : "Nobody was paged."}
          {escalation.status === "running" && escalation.next_at
            ? ` The next is paged ${relative(escalation.next_at, Date.now())}, unless somebody acknowledges.`
            : ""}
          {escalation.held_until
            ? ` The acknowledgement holds until ${moment(escalation.held_until, zone)}.`
            : ""}
          {escalation.paused_until ? " It waits, being silenced." : ""}
          {escalation.status === "exhausted" ? " Everybody was paged and nobody answered." : ""}
        </p>
      ) : (
        <p className="soft paging">
          No chain pages anybody for it;{" "}
          <Link to={{ path: ["/oncall"], query: {} }}>show who is on call</Link>.
        </p>
      )}
    </>
  );
}
