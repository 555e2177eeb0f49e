import { notifications } from "@mantine/notifications";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { AlertShown, ModelDetail, RuleFiles } from "../../api/schema";
import { DataTable } from "../../components/DataTable";
import { Link } from "../../components/Link";
import { Mark } from "../../components/Mark";
import { Name } from "../../components/Name";
import { Section } from "../../components/Section";
import { navigate, useChoice, useRoute } from "../../state/route";
import { Ask, Press } from "../Act";
import { alertRoute, Tags } from "../alerts/AlertsPage";
import { asking, dropRules, putRules } from "../alerts/ask";
import { Answer, Page } from "../alerts/Page";
import { secondsOf } from "../alerts/Until";
import { ownLabels, STATES } from "../alerts/words";
import { get } from "../data/api";
import { ask } from "../data/queries";
import { modelPath } from "../pages/Fleet";
import { RangePicker } from "../RangePicker";
import { windowOf } from "../search";
import { useMay } from "../session/session";
import { duration, moment, relative, useZone } from "../zone";
import { Editor } from "./Editor";
import { cutRule, putBack } from "./ruleText";
import { alertsOf, monitorState } from "./state";
import { Undo } from "./Undo";
import type { Held } from "./useTried";

const MONTH = 30 * 86_400_000;

/** The range of a monitor's history: a longer one than of charts, for alarms are rare. */
export function useHistoryRange(last: string | null | undefined) {
  const { query } = useRoute();
  const isOld = last !== null && last !== undefined && Date.now() - Date.parse(last) > MONTH;
  const chosen = windowOf(query);
  return {
    window: chosen ?? (isOld ? "latest:90d" : "30d"),
    isStale: chosen === null && isOld,
    last: last ?? null,
  };
}

/** One monitor: how it stands, what it would have done, and its rule to be changed. */
export function MonitorDetail({ held }: { held: Held }): ReactNode {
  const models = useQuery(ask.models());
  const [chosen] = useChoice("model");
  const name = held.group.model ?? (chosen || (models.data?.models[0]?.name ?? ""));
  const model = useQuery({ ...ask.model(name), enabled: name !== "" });
  const range = useHistoryRange(model.data?.last_event);
  return (
    <Page
      title={<Name text={held.rule.alert} />}
      crumb={{ title: "Monitors", path: "/monitors" }}
      tools={<RangePicker range={range} />}
    >
      <Head held={held} />
      {held.group.model === null ? (
        <ModelChoice models={models.data?.models.map((each) => each.name) ?? []} value={name} />
      ) : null}
      <Answer of={model} what={`The model ${name}`}>
        {(detail) => <Changing held={held} model={detail} window={range.window} />}
      </Answer>
    </Page>
  );
}

function ModelChoice({ models, value }: { models: string[]; value: string }): ReactNode {
  const [, setModel] = useChoice("model");
  return (
    <p className="tools">
      <label>
        It watches every model; shown for{" "}
        <select value={value} onChange={(event) => setModel(event.target.value)}>
          {models.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </label>
    </p>
  );
}

function Head({ held }: { held: Held }): ReactNode {
  const { rule, group, file } = held;
  const alerts = useQuery(asking.alerts());
  const [zone] = useZone();
  const all = alerts.data?.alerts ?? [];
  const state = monitorState(held, all, Date.now());
  const lasting = rule.for === "0s" ? "" : ` for ${inWords(rule.for)}`;
  return (
    <>
      <section className="summary">
        <h1>
          {rule.has_budget ? (
            `${rule.alert} tells of a change, within a budget of false alarms.`
          ) : (
            <>
              {rule.alert} fires where <code>{rule.expr}</code>
              {lasting}.
            </>
          )}
        </h1>
        <p className="facts">
          <Mark reading={state} />
          {rule.severity ? <span>{rule.severity}</span> : null}
          {group.model ? (
            <Link to={{ path: [modelPath(group.model)], query: {} }}>
              <Name text={group.model} />
            </Link>
          ) : (
            <span>every model</span>
          )}
          <span className="soft" title={moment(state.at, zone)}>
            evaluated {relative(state.at, Date.now())}, every {inWords(group.interval)}
          </span>
        </p>
        {state.why ? <p className="note plain">{state.why}</p> : null}
        {file.source ? (
          <p className="note plain">
            <span>
              It is kept in <code>{file.source}</code>, applied {moment(file.set_at, zone)}
              {file.who ? ` by ${file.who}` : ""}, and cannot be changed here: the next{" "}
              <code>watchkeeper rules apply</code> would undo that. Try changes below; then copy the
              text into the file.
            </span>
          </p>
        ) : null}
      </section>
      <OwnAlerts alerts={alertsOf(held, all).filter((alert) => alert.state !== "inactive")} />
    </>
  );
}

/** '2 h 14 min' of '2h14m'. */
const inWords = (length: string): string => duration(secondsOf(length));

function OwnAlerts({ alerts }: { alerts: AlertShown[] }): ReactNode {
  if (alerts.length === 0) return null;
  return (
    <Section id="alerts" title="Its alerts now">
      <DataTable
        id="own-alerts"
        caption="Alerts of this monitor"
        columns={[
          {
            id: "state",
            title: "State",
            value: (row) => row.state,
            cell: (row) => <Mark reading={STATES[row.state]} />,
          },
          {
            id: "alert",
            title: "Alert",
            isWrapped: true,
            value: (row) => row.annotations.summary ?? row.alert,
            cell: (row) => (
              <Link to={alertRoute(row)}>
                {row.state === "error" || row.state === "no_data"
                  ? row.note || row.alert
                  : row.annotations.summary || row.alert}
              </Link>
            ),
          },
          {
            id: "about",
            title: "About",
            hide: "phone-hide",
            value: (row) => ownLabels(row.labels).join(),
            cell: (row) => <Tags labels={ownLabels(row.labels)} />,
          },
          {
            id: "since",
            title: "Since",
            align: "end",
            value: (row) => row.since,
            cell: (row) => relative(row.since, Date.now()),
          },
        ]}
        rows={alerts}
        rowKey={(row) => row.fingerprint}
        to={alertRoute}
        limit={20}
      />
    </Section>
  );
}

function Changing(props: { held: Held; model: ModelDetail; window: string }): ReactNode {
  const { held, model, window } = props;
  const may = useMay("edit");
  // What is changed is the text as it was when the page was opened; a later one is never lost.
  const [base, setBase] = useState(held.file.text);
  const cut = cutRule(base, held.rule.line);
  const readOnly =
    may ||
    (held.file.source ? `It is kept in ${held.file.source}; change it there.` : "") ||
    (cut ? "" : "Its file is not written line by line; change it with `watchkeeper rules apply`.");
  const save = async (text: string) => {
    await unchanged(held.file.name, base);
    const next = cut ? putBack(cut, text) : text;
    await putRules(held.file.name, next);
    setBase(next);
    notifications.show({
      title: "The monitor is changed",
      message: <Undo work={() => putRules(held.file.name, base).then(() => setBase(base))} />,
      autoClose: 15_000,
    });
  };
  return (
    <>
      <Editor
        key={base}
        initial={cut?.text ?? held.file.text}
        group={held.group}
        model={model}
        window={window}
        readOnly={readOnly}
        verb="Save changes"
        onSave={save}
      />
      {readOnly || !cut ? null : <Remove held={held} without={putBack(cut, null)} base={base} />}
    </>
  );
}

/** Refuses to write over what somebody else has written meanwhile. */
async function unchanged(name: string, base: string): Promise<void> {
  const { files } = await get<RuleFiles>("/v1/rules");
  if (files.find((file) => file.name === name)?.text !== base) {
    throw new Error(
      "Somebody has changed this file since you opened the page. Copy your text, load the page anew, and put it in.",
    );
  }
}

function Remove(props: { held: Held; without: string; base: string }): ReactNode {
  const { held, without, base } = props;
  const [isAsking, setAsking] = useState(false);
  const isLast = held.file.groups.flatMap((group) => group.rules).length === 1;
  const isLastOfGroup = held.group.rules.length === 1;
  const remove = async () => {
    await unchanged(held.file.name, base);
    if (isLast) await dropRules(held.file.name);
    else await putRules(held.file.name, without);
    notifications.show({
      title: `${held.rule.alert} is removed`,
      message: <Undo work={() => putRules(held.file.name, base)} />,
      autoClose: 15_000,
    });
    navigate({ path: ["/monitors"], query: { rule: "" } });
  };
  const why =
    isLastOfGroup && !isLast
      ? "It is the only one of its group; take the group out of the file with `watchkeeper rules apply`."
      : "";
  return (
    <p className="buttons">
      <Press refusal={why} onPress={() => setAsking(true)}>
        Remove the monitor
      </Press>
      <Ask
        title={`Remove ${held.rule.alert}?`}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        verb="Remove it"
        lead="Its alerts end, and whoever was told of them is told so. You can take that back right after."
        onSubmit={remove}
      />
    </p>
  );
}
