import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { AlertShown } from "../../api/schema";
import { Link } from "../../components/Link";
import { Mark } from "../../components/Mark";
import { Name } from "../../components/Name";
import { Section } from "../../components/Section";
import { Press } from "../Act";
import { ask } from "../data/queries";
import { useMay } from "../session/session";
import { Nothing } from "../shell/states";
import { moment, relative, useZone, zoneName } from "../zone";
import { AcknowledgeAlert } from "./AcknowledgeAlert";
import { ChangesBefore, HistoryOf, ToldOf } from "./AlertPast";
import { Tags } from "./AlertsPage";
import { asking, type ForeignAlert } from "./ask";
import { Evidence } from "./Evidence";
import { Answer, Page } from "./Page";
import { silenceRoute } from "./silencing";
import { STATES, severityOf, soon } from "./words";

const CRUMB = { title: "Alerts", path: "/alerts" };

/** One alert: what is wrong, the evidence, what changed before, and what to do. */
export function AlertDetail({ fingerprint }: { fingerprint: string }): ReactNode {
  const found = useQuery(asking.alerts());
  const foreign = useQuery(asking.foreign());
  const name = found.data?.alerts.find((each) => each.fingerprint === fingerprint)?.alert;
  return (
    <Page title={name ?? "Alert"} crumb={CRUMB}>
      <Answer of={found} what="The alert">
        {({ alerts }) => {
          const own = alerts.find((alert) => alert.fingerprint === fingerprint);
          if (own) return <Own alert={own} />;
          const other = foreign.data?.find((alert) => alert.fingerprint === fingerprint);
          const about = other && ruleAlertOf(other, alerts);
          if (about) return <Own alert={about} />;
          return other ? <Foreign alert={other} /> : <Gone isSure={!foreign.isPending} />;
        }}
      </Answer>
    </Page>
  );
}

/** An alert that data are missing, or of an error, is about another one: that of its rule. */
function ruleAlertOf(other: ForeignAlert, alerts: AlertShown[]): AlertShown | undefined {
  const { rulename, alertname: _name, ...labels } = other.labels;
  if (!rulename) return undefined;
  const wanted = Object.entries(labels).filter(([name]) => name !== "severity");
  return alerts.find(
    (alert) =>
      alert.alert === rulename && wanted.every(([name, value]) => alert.labels[name] === value),
  );
}

function Gone({ isSure }: { isSure: boolean }): ReactNode {
  if (!isSure) return null;
  return (
    <Nothing title="This alert is over and no longer remembered.">
      <p>
        <Link to={{ path: ["/alerts/history"], query: {} }}>Show what fired before</Link>
      </p>
    </Nothing>
  );
}

function Own({ alert }: { alert: AlertShown }): ReactNode {
  return (
    <>
      <Head
        title={titleOf(alert)}
        reading={<Mark reading={STATES[alert.state]} />}
        severity={severityOf(alert.labels)}
        since={alert.fired_at ?? alert.since}
      />
      <Standing alert={alert} />
      <Actions alert={alert} />
      <Evidence alert={alert} />
      <ChangesBefore model={alert.model} at={alert.fired_at ?? alert.since} />
      <Facts labels={alert.labels} annotations={alert.annotations} />
      <HistoryOf alert={alert} />
      <ToldOf labels={alert.labels} />
    </>
  );
}

/** The summary; where nobody knows the value it would have a blank in it. */
function titleOf(alert: AlertShown): string {
  if (alert.state === "error") return `${alert.alert} cannot be evaluated on ${alert.model}.`;
  if (alert.state === "no_data") return `${alert.alert} has no data on ${alert.model}.`;
  return alert.annotations.summary || `${alert.alert} on ${alert.model}`;
}

function Head(props: {
  title: string;
  reading: ReactNode;
  severity: string;
  since: string;
}): ReactNode {
  const [zone] = useZone();
  const { title, reading, severity, since } = props;
  return (
    <section className="summary">
      <h1>{title}</h1>
      <p className="facts">
        {reading}
        {severity ? (
          <span>
            {severity}
            <span className="soft">{soon(severity) ? `, ${soon(severity)}` : ""}</span>
          </span>
        ) : null}
        <span>
          since {moment(since, zone)} {zoneName(zone)}{" "}
          <span className="soft">({relative(since, Date.now())})</span>
        </span>
      </p>
    </section>
  );
}

/** What holds besides: who has it, who is not told of it, and why nobody knows. */
function Standing({ alert }: { alert: AlertShown }): ReactNode {
  const [zone] = useZone();
  const { acknowledged: taken } = alert;
  return (
    <>
      {alert.note ? <p className="note plain">{alert.note}</p> : null}
      {alert.flapping ? (
        <p className="note">It comes and goes; until it is calm, it is told once.</p>
      ) : null}
      {taken ? (
        <p className="note plain">
          <span>
            <Name text={taken.by} /> has taken it on
            {taken.until ? `; repeats wait until ${moment(taken.until, zone)}` : ""}.
          </span>
        </p>
      ) : null}
      {alert.silenced_by.length ? (
        <p className="note plain">
          <span>
            Silenced: nobody is told while that lasts.{" "}
            <Link to={{ path: ["/silences"], query: { id: alert.silenced_by[0] ?? "" } }}>
              Show the silence
            </Link>
          </span>
        </p>
      ) : null}
    </>
  );
}

function Actions({ alert }: { alert: AlertShown }): ReactNode {
  const refusal = useMay("edit");
  const [isAsking, setAsking] = useState(location.hash === "#acknowledge");
  const fires = alert.state === "firing" || alert.state === "recovering";
  const why = refusal || (fires ? "" : "Only what fires can be taken on.");
  return (
    <div className="buttons">
      <Press isPrimary refusal={why} onPress={() => setAsking(true)}>
        {alert.acknowledged ? "Acknowledge anew" : "Acknowledge"}
      </Press>
      {refusal ? (
        <Press refusal={refusal} onPress={() => undefined}>
          Silence
        </Press>
      ) : (
        <Link className="button" to={silenceRoute(alert.labels)}>
          Silence
        </Link>
      )}
      <Link className="button" to={ruleRoute(alert)}>
        Open the monitor
      </Link>
      <RunbookLink annotations={alert.annotations} fingerprint={alert.fingerprint} />
      <AcknowledgeAlert alert={alert} isOpen={isAsking} onClose={() => setAsking(false)} />
    </div>
  );
}

const ruleRoute = (alert: AlertShown) => ({
  path: ["/monitors"],
  query: {
    rule: alert.alert,
    file: alert.file,
    group: alert.group,
    ...(alert.number ? { number: String(alert.number) } : {}),
  },
});

/** The runbook of an alert: one of ours, or wherever its address leads. */
export function RunbookLink(props: {
  annotations: Record<string, string>;
  fingerprint?: string;
}): ReactNode {
  const { runbook, runbook_url: url } = props.annotations;
  if (runbook) {
    const about = { alert: props.fingerprint ?? "" };
    return (
      <Link
        className="button"
        to={{ path: [`/runbooks/${encodeURIComponent(runbook)}`], query: about }}
      >
        Open the runbook
      </Link>
    );
  }
  if (!url || !/^https?:\/\//.test(url)) return null;
  return (
    <a className="button" href={url} target="_blank" rel="noreferrer">
      Open the runbook
    </a>
  );
}

function Facts(props: {
  labels: Record<string, string>;
  annotations: Record<string, string>;
}): ReactNode {
  const texts = Object.entries(props.annotations).filter(
    ([name]) => !["summary", "runbook", "runbook_url"].includes(name),
  );
  return (
    <Section id="facts" title="What it says">
      {texts.map(([name, text]) => (
        <p className="prose" key={name}>
          {name === "description" ? "" : <span className="faint">{name}: </span>}
          {text}
        </p>
      ))}
      <Tags labels={Object.entries(props.labels)} />
    </Section>
  );
}

/** An alert that another program raised: there is no rule of ours behind it. */
function Foreign({ alert }: { alert: ForeignAlert }): ReactNode {
  const may = useMay("edit");
  const [isAsking, setAsking] = useState(location.hash === "#acknowledge");
  const models = useQuery(ask.models());
  const model = models.data?.models.find((each) => each.name === alert.labels.model)?.name;
  return (
    <>
      <Head
        title={alert.annotations.summary || (alert.labels.alertname ?? "Alert")}
        reading={<Mark reading={STATES.firing} />}
        severity={severityOf(alert.labels)}
        since={alert.startsAt}
      />
      <p className="note plain">
        Another program raised it; Watchkeeper groups it and tells it on.
      </p>
      <div className="buttons">
        <Press isPrimary refusal={may} onPress={() => setAsking(true)}>
          Acknowledge
        </Press>
        <Link className="button" to={silenceRoute(alert.labels)}>
          Silence
        </Link>
        <RunbookLink annotations={alert.annotations} />
        <AcknowledgeAlert alert={alert} isOpen={isAsking} onClose={() => setAsking(false)} />
      </div>
      <Facts labels={alert.labels} annotations={alert.annotations} />
      {model ? <ChangesBefore model={model} at={alert.startsAt} /> : null}
      <ToldOf labels={alert.labels} />
    </>
  );
}
