import { notifications } from "@mantine/notifications";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { Link } from "../../components/Link";
import { Mark } from "../../components/Mark";
import { counted } from "../../lib/format";
import { navigate, useChoice, useRoute } from "../../state/route";
import { NameField, nameIn, useAct } from "../Act";
import { at, send } from "../data/api";
import { Undo } from "../monitors/Undo";
import { useMay } from "../session/session";
import { alertRoute, Tags } from "./AlertsPage";
import { asking, type SilenceMatcher } from "./ask";
import { MatcherRows } from "./MatcherRows";
import { Page } from "./Page";
import { meets, readMatcher, writeMatcher } from "./silencing";
import { Until } from "./Until";
import { STATES } from "./words";

/** Makes a silence: of what, how long, why; what it would keep quiet stands beside it. */
export function NewSilencePage(): ReactNode {
  const [text, setText] = useChoice("matcher");
  const { query } = useRoute();
  const lines = text.split("\n");
  const matchers = lines
    .map(readMatcher)
    .filter((matcher): matcher is SilenceMatcher => matcher !== null && matcher.name !== "");
  return (
    <Page title="New silence" crumb={{ title: "Silences", path: "/silences" }}>
      <section className="summary">
        <h1>Keep alerts quiet for a while</h1>
        <p className="story">
          Nobody is told that they fire, and no incident opens, until the silence ends; then what
          still fires is told at once.
        </p>
      </section>
      <div className="halves">
        <SilenceForm
          matchers={matchers}
          lines={lines}
          onLines={(next) => setText(next.join("\n"))}
          length={query.for || "2h"}
          comment={query.comment ?? ""}
        />
        <Preview matchers={matchers} />
      </div>
    </Page>
  );
}

function SilenceForm(props: {
  matchers: SilenceMatcher[];
  lines: string[];
  onLines: (lines: string[]) => void;
  length: string;
  comment: string;
}): ReactNode {
  const may = useMay("edit");
  const act = useAct();
  const [start] = useState(() => new Date().toISOString());
  const why = may || (whyNot(props.matchers) ?? "");
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    act.run(async () => {
      const { silenceID } = await send<{ silenceID: string }>("POST", "/api/v2/silences", {
        matchers: props.matchers,
        startsAt: start,
        endsAt: form.get("until"),
        createdBy: nameIn(form) || "somebody",
        comment: String(form.get("comment") ?? ""),
      });
      notifications.show({
        title: "Silenced",
        message: <Undo work={() => send("DELETE", at`/api/v2/silence/${silenceID}`)} />,
        autoClose: 15_000,
      });
      navigate({ path: ["/silences"], query: { id: silenceID } });
    });
  };
  return (
    <form className="fields" onSubmit={submit}>
      <MatcherRows lines={props.lines} onLines={props.onLines} />
      <Until initial={props.length} label="For how long" />
      <label htmlFor="comment">Reason</label>
      <input
        id="comment"
        name="comment"
        required
        maxLength={2000}
        defaultValue={props.comment}
        placeholder="The weather feed is being moved"
      />
      <NameField />
      {act.failure}
      {why ? <p className="soft">{why}</p> : null}
      <div className="buttons">
        <button type="submit" className="button primary" disabled={why !== "" || act.isBusy}>
          {act.isBusy ? "Silencing…" : "Silence"}
        </button>
        <Link className="button" to={{ path: ["/silences"], query: {} }}>
          Cancel
        </Link>
      </div>
    </form>
  );
}

/** Why such a silence cannot be made; null where it can. */
export function whyNot(matchers: SilenceMatcher[]): string | null {
  if (matchers.length === 0) return "Name at least one label.";
  if (matchers.every((matcher) => meets(matcher, {}))) {
    return "These labels match every alert; name one that not every alert has.";
  }
  return null;
}

const STANDS = new Set(["firing", "recovering", "pending"]);

/** What matches now. */
function Preview({ matchers }: { matchers: SilenceMatcher[] }): ReactNode {
  const alerts = useQuery(asking.alerts());
  const foreign = useQuery(asking.foreign());
  const own = alerts.data?.alerts ?? [];
  const known = new Set(own.map((alert) => alert.fingerprint));
  const isIn = (labels: Record<string, string>) =>
    whyNot(matchers) === null && matchers.every((matcher) => meets(matcher, labels));
  // Where a rule has no data or an error, the alert about that stands among the others.
  const matched = own.filter((alert) => STANDS.has(alert.state) && isIn(alert.labels));
  const others = (foreign.data ?? []).filter(
    (alert) => !known.has(alert.fingerprint) && isIn(alert.labels),
  );
  const total = matched.length + others.length;
  return (
    <section aria-live="polite">
      <h2>
        {total === 0
          ? "No alert matches now"
          : `Keeps ${counted(total, "alert")} quiet that ${total === 1 ? "stands" : "stand"} now`}
      </h2>
      <p className="soft">
        {matchers.length
          ? `And whatever carries ${matchers.map(writeMatcher).join(" and ")} while it lasts.`
          : "Name labels to see which alerts it is about."}
      </p>
      <ul className="preview">
        {matched.map((alert) => (
          <li key={`${alert.fingerprint}${alert.number}`}>
            <Mark reading={STATES[alert.state]} />
            <Link to={alertRoute(alert)}>{alert.alert}</Link>
            <Tags labels={Object.entries(alert.labels).filter(([name]) => name !== "alertname")} />
          </li>
        ))}
        {others.map((alert) => (
          <li key={alert.fingerprint}>
            <Mark reading={STATES.firing} />
            <Link to={alertRoute(alert)}>{alert.labels.alertname}</Link>
            <Tags labels={Object.entries(alert.labels).filter(([name]) => name !== "alertname")} />
          </li>
        ))}
      </ul>
    </section>
  );
}
