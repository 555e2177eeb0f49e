import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { IncidentShown } from "../../api/schema";
import { Link } from "../../components/Link";
import { Mark } from "../../components/Mark";
import { Empty, Section, Sub } from "../../components/Section";
import { alertRoute } from "../alerts/AlertsPage";
import { asking } from "../alerts/ask";
import { Evidence } from "../alerts/Evidence";
import { STATES } from "../alerts/words";
import { moment, useZone } from "../zone";

type Related = IncidentShown["related"][number];

/** Alerts that say the same of several segments, once with their number. */
export function once(alerts: Related[]): { alert: Related; times: number }[] {
  const found = new Map<string, { alert: Related; times: number }>();
  for (const alert of alerts) {
    const key = `${alert.name}\n${alert.summary}`;
    const held = found.get(key);
    if (held) held.times += 1;
    else found.set(key, { alert, times: 1 });
  }
  return [...found.values()].slice(0, 10);
}

/** The alerts of an incident, the evidence of the first, and others that may belong to it. */
export function LinkedAlerts({ incident }: { incident: IncidentShown }): ReactNode {
  const found = useQuery(asking.alerts());
  const known = new Map((found.data?.alerts ?? []).map((alert) => [alert.fingerprint, alert]));
  const [zone] = useZone();
  const first = incident.alerts
    .map((alert) => known.get(alert.fingerprint))
    .find((alert) => alert !== undefined && alert.value !== null);
  return (
    <>
      {first ? <Evidence alert={first} /> : null}
      <Section id="alerts" title="Its alerts">
        {incident.alerts.length ? (
          <ol className="log">
            {incident.alerts.map((alert) => {
              const now = known.get(alert.fingerprint);
              return (
                <li key={alert.fingerprint}>
                  <time dateTime={alert.starts_at}>{moment(alert.starts_at, zone)}</time>
                  <span className="facts">
                    <Mark
                      reading={alert.ends_at ? { word: "over", tone: "pass" } : STATES.firing}
                    />
                    <Link to={alertRoute(alert)}>{alert.name}</Link>
                    <span className="soft">{now?.annotations.summary ?? alert.model}</span>
                  </span>
                </li>
              );
            })}
          </ol>
        ) : (
          <Empty>It was opened by hand; no alert belongs to it.</Empty>
        )}
        {incident.related.length ? (
          <Sub title="Others at the same time">
            <ol className="log">
              {once(incident.related).map(({ alert, times }) => (
                <li key={alert.fingerprint}>
                  <time dateTime={alert.starts_at}>{moment(alert.starts_at, zone)}</time>
                  <span>
                    <Link to={alertRoute(alert)}>{alert.name}</Link>{" "}
                    <span className="soft">
                      {alert.summary} ({alert.why}
                      {times > 1 ? `; ${times} times` : ""})
                    </span>
                  </span>
                </li>
              ))}
            </ol>
          </Sub>
        ) : null}
      </Section>
    </>
  );
}
