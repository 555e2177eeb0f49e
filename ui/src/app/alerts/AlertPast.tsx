import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { AlertShown, Happened } from "../../api/schema";
import { Empty, Section } from "../../components/Section";
import { counted } from "../../lib/format";
import { plainWord } from "../../lib/words";
import { iso } from "../hours";
import { moment, relative, useZone } from "../zone";
import { asking } from "./ask";
import { Answer } from "./Page";
import { STATES } from "./words";

const DAY = 86_400_000;

/** What was changed in the day before something began. */
export function ChangesBefore({ model, at }: { model: string; at: string }): ReactNode {
  const [zone] = useZone();
  const start = Date.parse(at);
  const found = useQuery(asking.changes(model, `${iso(start - DAY)}..${iso(start + DAY / 24)}`));
  return (
    <Section id="changed" title="What changed before" lead="In the day before it began.">
      <Answer of={found} what="What changed" height={60}>
        {({ changes }) =>
          changes.length ? (
            <ol className="log">
              {changes.map((change) => (
                <li key={`${change.time}${change.title}`}>
                  <time dateTime={change.time}>{moment(change.time, zone)}</time>
                  <span>
                    {change.title ?? change.kind}
                    {change.author ? <span className="soft"> by {change.author}</span> : null}
                    <span className="faint"> {lead(change.time, start)}</span>
                  </span>
                </li>
              ))}
            </ol>
          ) : (
            <Empty>
              Nobody told of a change. Deployments are told with{" "}
              <code>client.change("…", kind="deployment")</code>.
            </Empty>
          )
        }
      </Answer>
    </Section>
  );
}

const lead = (time: string, start: number): string =>
  relative(time, start).replace("ago", "before").replace("in ", "after ");

/** The key under which the server remembers an alert, as its history names it. */
export const keyOf = (alert: AlertShown): string =>
  JSON.stringify([
    alert.file,
    alert.group,
    alert.model,
    alert.alert,
    alert.number,
    alert.version ?? "",
    alert.segment ?? "",
  ]);

interface Turn {
  before: AlertShown["state"];
  after: AlertShown["state"];
  note: string;
}

/** What the alert did, the newest first. */
export function HistoryOf({ alert }: { alert: AlertShown }): ReactNode {
  const [zone] = useZone();
  const asked = { model: alert.model, kind: ["state", "acknowledged"], limit: 1000 };
  const found = useQuery(asking.history(asked));
  const key = keyOf(alert);
  const isOwn = (row: Happened) => row.subject === key || row.subject === alert.fingerprint;
  return (
    <Section id="past" title="What it did">
      <Answer of={found} what="The history" height={80}>
        {({ history }) => {
          const own = history.filter(isOwn).slice(0, 50);
          if (own.length === 0) return <Empty>Nothing is remembered of it.</Empty>;
          return (
            <ol className="log">
              {own.map((row) => (
                <li key={`${row.at}${row.kind}${JSON.stringify(row.what)}`}>
                  <time dateTime={row.at}>{moment(row.at, zone)}</time>
                  <span>{row.kind === "state" ? turnOf(row.what as Turn) : takenOf(row.what)}</span>
                </li>
              ))}
            </ol>
          );
        }}
      </Answer>
    </Section>
  );
}

function turnOf(turn: Turn): string {
  const word = STATES[turn.after]?.word ?? turn.after;
  return `${word}, was ${STATES[turn.before]?.word ?? turn.before}${turn.note ? `: ${turn.note}` : ""}`;
}

function takenOf(what: unknown): string {
  const { by, comment } = what as { by?: string; comment?: string };
  return `${by ?? "Somebody"} has taken it on${comment ? `: ${comment}` : ""}`;
}

/** Why a message was sent. */
const REASONS: Record<string, string> = {
  first: "told that it fires",
  new_alerts: "told that more fires",
  resolved_alerts: "told that some of it is over",
  all_resolved: "told that all is over",
  repeat: "reminded",
  unmuted: "told after a silence, or quiet hours",
  acknowledged: "told who took it",
};

interface Told {
  receiver: string;
  reason: string;
  status?: string;
  alerts: { labels: Record<string, string> }[];
}

/** Who was told of an alert, and why then. */
export function ToldOf(props: { labels: Record<string, string> }): ReactNode {
  const { labels } = props;
  const [zone] = useZone();
  const found = useQuery(
    asking.history({ model: labels.model || undefined, kind: ["told"], limit: 300 }),
  );
  const about = (told: Told) =>
    told.alerts.some((each) =>
      Object.entries(labels).every(
        // Alerts that a rule has no data carry its name in a label of its own.
        ([name, value]) =>
          each.labels[name] === value || (name === "alertname" && each.labels.rulename === value),
      ),
    );
  return (
    <Section id="told" title="Who was told">
      <Answer of={found} what="Who was told" height={60}>
        {({ history }) => {
          const own = history.filter((row) => about(row.what as Told)).slice(0, 20);
          if (own.length === 0) return <Empty>Nobody yet.</Empty>;
          return (
            <ol className="log">
              {own.map((row) => {
                const told = row.what as Told;
                return (
                  <li key={`${row.at}${told.receiver}${told.reason}`}>
                    <time dateTime={row.at}>{moment(row.at, zone)}</time>
                    <span>
                      <bdi>{told.receiver}</bdi>{" "}
                      <span className="soft">
                        {REASONS[told.reason] ?? plainWord(told.reason)},{" "}
                        {counted(told.alerts.length, "alert")}
                      </span>
                    </span>
                  </li>
                );
              })}
            </ol>
          );
        }}
      </Answer>
    </Section>
  );
}
