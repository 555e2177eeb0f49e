import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo, useState } from "react";
import type { AutomationShown, RunbookLine, RunLine } from "../../api/schema";
import { type Column, DataTable } from "../../components/DataTable";
import { Link } from "../../components/Link";
import { Mark } from "../../components/Mark";
import { Name } from "../../components/Name";
import { Empty, Section } from "../../components/Section";
import { counted } from "../../lib/format";
import { Ask, Press, useAct } from "../Act";
import { asking } from "../alerts/ask";
import { Answer, Page } from "../alerts/Page";
import { send } from "../data/api";
import { useMay } from "../session/session";
import { moment, relative, useZone } from "../zone";
import { readRun } from "./runWords";

/** The runbooks, what the server may run of them, and what was run. */
export function RunbooksPage(): ReactNode {
  const found = useQuery(asking.runbooks());
  const automation = useQuery(asking.automation());
  return (
    <Page title="Runbooks">
      {automation.data ? <Allowed automation={automation.data} /> : null}
      <Section id="runbooks" title="Runbooks" lead="What to look at and what to do, by trouble.">
        <Answer of={found} what="The list of runbooks">
          {({ runbooks }) => (
            <DataTable
              id="runbooks"
              caption="Runbooks"
              columns={COLUMNS}
              rows={runbooks}
              rowKey={(row) => row.name}
              to={(row) => runbookRoute(row.name)}
            />
          )}
        </Answer>
      </Section>
      <Runs />
    </Page>
  );
}

export const runbookRoute = (name: string, about: Record<string, string> = {}) => ({
  path: [`/runbooks/${encodeURIComponent(name)}`],
  query: about,
});

const MODES: Record<AutomationShown["mode"], string> = {
  off: "This server runs no step; people do, and checks can be looked at.",
  dry_run: "This server only shows what steps would do.",
  approve: "This server runs a step once a person has agreed.",
  auto: "This server runs by itself what has been seen to help, and all else once a person has agreed.",
};

function Allowed({ automation }: { automation: AutomationShown }): ReactNode {
  const [zone] = useZone();
  const { frozen, mode } = automation;
  return (
    <section className="summary">
      <h1>{frozen ? "Everything is frozen: no step runs." : MODES[mode]}</h1>
      {frozen ? (
        <p className="story">
          {frozen.by} froze it on {moment(frozen.at, zone)}: {frozen.reason}
        </p>
      ) : mode === "off" ? (
        <p className="story soft">{automation.sentence}</p>
      ) : null}
      {mode === "off" && !frozen ? null : <Freeze automation={automation} />}
    </section>
  );
}

function Freeze({ automation }: { automation: AutomationShown }): ReactNode {
  const may = useMay("edit");
  const mayFree = useMay("admin");
  const act = useAct();
  const [isAsking, setAsking] = useState(false);
  if (automation.frozen) {
    return (
      <div className="buttons">
        <Press
          refusal={mayFree}
          isBusy={act.isBusy}
          onPress={() => act.run(() => send("POST", "/v1/automation/unfreeze"))}
        >
          Let steps run again
        </Press>
        {act.failure}
      </div>
    );
  }
  return (
    <div className="buttons">
      <Press refusal={may} onPress={() => setAsking(true)}>
        Freeze everything
      </Press>
      <Ask
        title="Freeze everything?"
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        verb="Freeze everything"
        lead="No step begins until an administrator sets it free. What runs already goes on to its end."
        onSubmit={(form) =>
          send("POST", "/v1/automation/freeze", { reason: String(form.get("reason")) })
        }
      >
        <label htmlFor="reason">Why</label>
        <input id="reason" name="reason" required maxLength={2000} />
      </Ask>
    </div>
  );
}

const COLUMNS: Column<RunbookLine>[] = [
  {
    id: "title",
    title: "Runbook",
    value: (row) => row.title,
    cell: (row) => (
      <Link to={runbookRoute(row.name)}>
        <Name text={row.title} full />
      </Link>
    ),
  },
  { id: "name", title: "Name", hide: "phone-hide", value: (row) => row.name },
  {
    id: "steps",
    title: "Steps",
    value: (row) => row.steps.length,
    cell: (row) => {
      const checks = row.steps.filter((step) => step.kind === "check").length;
      const actions = row.steps.length - checks;
      return `${counted(checks, "check")}, ${counted(actions, "action")}`;
    },
  },
  {
    id: "kept",
    title: "Kept",
    hide: "phone-hide",
    value: (row) => (row.starter ? "comes with Watchkeeper" : (row.who ?? "here")),
    cell: (row) =>
      row.starter ? <span className="soft">comes with Watchkeeper</span> : (row.who ?? "your own"),
  },
];

function Runs(): ReactNode {
  const found = useQuery(asking.runs());
  const [zone] = useZone();
  const columns = useMemo(() => runColumns((iso) => moment(iso, zone)), [zone]);
  return (
    <Section id="runs" title="What was run">
      <Answer of={found} what="The list of runs" height={80}>
        {({ runs }) =>
          runs.length ? (
            <DataTable
              id="runs"
              caption="Runs"
              columns={columns}
              rows={runs}
              rowKey={(row) => String(row.number)}
              to={(row) => ({ path: [`/runs/${row.number}`], query: {} })}
              limit={20}
            />
          ) : (
            <Empty>Nothing yet. Open a runbook and look at one of its checks.</Empty>
          )
        }
      </Answer>
    </Section>
  );
}

function runColumns(show: (iso: string) => string): Column<RunLine>[] {
  return [
    {
      id: "number",
      title: "Run",
      align: "end",
      value: (row) => row.number,
      cell: (row) => <Link to={{ path: [`/runs/${row.number}`], query: {} }}>{row.number}</Link>,
    },
    {
      id: "state",
      title: "State",
      value: (row) => row.state,
      cell: (row) => <Mark reading={readRun(row)} />,
    },
    {
      id: "title",
      title: "Step",
      isWrapped: true,
      value: (row) => row.title,
      cell: (row) => (
        <>
          {row.title}
          {row.dry_run ? <span className="tag">only shown</span> : null}
          {row.undo_of ? <span className="tag">takes run {row.undo_of} back</span> : null}
        </>
      ),
    },
    { id: "target", title: "On", hide: "phone-hide", value: (row) => row.target },
    {
      id: "by",
      title: "By",
      hide: "phone-hide",
      value: (row) => (row.by_itself ? "the server" : row.requested_by),
    },
    {
      id: "at",
      title: "When",
      align: "end",
      value: (row) => row.requested_at,
      cell: (row) => (
        <span title={show(row.requested_at)}>{relative(row.requested_at, Date.now())}</span>
      ),
    },
  ];
}
