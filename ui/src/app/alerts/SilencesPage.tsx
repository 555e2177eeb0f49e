import { notifications } from "@mantine/notifications";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { AlertShown } from "../../api/schema";
import { Link } from "../../components/Link";
import { Mark } from "../../components/Mark";
import { Name } from "../../components/Name";
import { Section } from "../../components/Section";
import { counted } from "../../lib/format";
import type { Reading } from "../../lib/words";
import { useChoice } from "../../state/route";
import { Ask, Press } from "../Act";
import { at, send } from "../data/api";
import { useMay } from "../session/session";
import { Nothing } from "../shell/states";
import { duration, moment, relative, useZone } from "../zone";
import { asking, type Silence } from "./ask";
import { AlertTabs, Answer, Page } from "./Page";
import { againRoute, meets, writeMatcher } from "./silencing";

const READINGS: Record<Silence["status"]["state"], Reading> = {
  active: { word: "in force", tone: "warn" },
  pending: { word: "to come", tone: "none" },
  expired: { word: "over", tone: "none" },
};

/** Who is not told of what, until when, and why. */
export function SilencesPage(): ReactNode {
  const found = useQuery(asking.silences());
  const may = useMay("edit");
  const tools = may ? (
    <Press refusal={may} onPress={() => undefined}>
      New silence
    </Press>
  ) : (
    <Link className="button" to={{ path: ["/silences/new"], query: {} }}>
      New silence
    </Link>
  );
  return (
    <Page title="Silences" tabs={<AlertTabs here="/silences" />} tools={tools}>
      <Answer of={found} what="The list of silences">
        {(silences) => <Silences silences={silences} />}
      </Answer>
    </Page>
  );
}

function Silences({ silences }: { silences: Silence[] }): ReactNode {
  const alerts = useQuery(asking.alerts());
  const [isAll, setAll] = useChoice("over");
  const now = silences.filter((silence) => silence.status.state !== "expired");
  const over = silences.filter((silence) => silence.status.state === "expired");
  const active = now.filter((silence) => silence.status.state === "active").length;
  const shownOver = isAll ? over : over.slice(0, 5);
  return (
    <>
      {now.length ? (
        <section className="summary">
          <h1>
            {active === 0
              ? "Nothing is silenced now; some silences are still to come."
              : `${counted(active, "silence")} ${active === 1 ? "is" : "are"} in force.`}
          </h1>
        </section>
      ) : (
        <Nothing title="Nothing is silenced.">
          <p className="soft">
            A silence keeps quiet what is known, such as while a model is retrained. Who was told
            that it fires is told the end all the same.
          </p>
        </Nothing>
      )}
      <ul className="cards">
        {now.map((silence) => (
          <Card key={silence.id} silence={silence} alerts={alerts.data?.alerts ?? []} />
        ))}
      </ul>
      {over.length ? (
        <Section id="over" title="Over">
          <ul className="cards">
            {shownOver.map((silence) => (
              <Card key={silence.id} silence={silence} alerts={[]} />
            ))}
          </ul>
          {shownOver.length < over.length ? (
            <button type="button" className="text-button" onClick={() => setAll("all")}>
              Show all {over.length}
            </button>
          ) : null}
        </Section>
      ) : null}
    </>
  );
}

function Card({ silence, alerts }: { silence: Silence; alerts: AlertShown[] }): ReactNode {
  const [zone] = useZone();
  const [chosen] = useChoice("id");
  const { state } = silence.status;
  const matching = alerts.filter(
    (alert) =>
      alert.state !== "inactive" &&
      silence.matchers.every((matcher) => meets(matcher, alert.labels)),
  );
  return (
    <li className={chosen === silence.id ? "card chosen" : "card"}>
      <div className="card-head">
        <Mark reading={READINGS[state]} />
        <span className="soft">{timesOf(silence, (iso) => moment(iso, zone))}</span>
        <End silence={silence} matching={matching.length} />
      </div>
      <p className="tags">
        {silence.matchers.map((matcher) => (
          <code className="tag" key={writeMatcher(matcher)}>
            <bdi>{writeMatcher(matcher)}</bdi>
          </code>
        ))}
      </p>
      <p>
        {silence.comment || <span className="faint">No reason was given.</span>}{" "}
        <span className="soft">
          – <Name text={silence.createdBy || "somebody"} />
        </span>
      </p>
      {state === "active" ? (
        <p className="faint">
          {matching.length
            ? `Keeps quiet now: ${[...new Set(matching.map((alert) => alert.alert))].slice(0, 5).join(", ")}`
            : "No alert matches now."}
        </p>
      ) : null}
    </li>
  );
}

function timesOf(silence: Silence, show: (iso: string) => string): string {
  const now = Date.now();
  const { state } = silence.status;
  if (state === "active") {
    return `until ${show(silence.endsAt)} (${relative(silence.endsAt, now)}), since ${show(silence.startsAt)}`;
  }
  if (state === "pending") return `from ${show(silence.startsAt)} until ${show(silence.endsAt)}`;
  const length = (Date.parse(silence.endsAt) - Date.parse(silence.startsAt)) / 1000;
  return `ended ${show(silence.endsAt)}, lasted ${duration(length)}`;
}

function End({ silence, matching }: { silence: Silence; matching: number }): ReactNode {
  const may = useMay("edit");
  const [isAsking, setAsking] = useState(false);
  if (silence.status.state === "expired") {
    return (
      <Link className="button" to={againRoute(silence)}>
        Silence again
      </Link>
    );
  }
  const end = async () => {
    await send("DELETE", at`/api/v2/silence/${silence.id}`);
    notifications.show({ message: "The silence has ended." });
  };
  const told =
    matching === 0
      ? "Nothing that it matches fires now."
      : `${counted(matching, "alert")} ${matching === 1 ? "is" : "are"} told at once.`;
  return (
    <>
      <Press refusal={may} onPress={() => setAsking(true)}>
        End now
      </Press>
      <Ask
        title="End this silence now?"
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        verb="End the silence"
        lead={`${told} It stays in the list, and can be made again from there.`}
        onSubmit={end}
      />
    </>
  );
}
