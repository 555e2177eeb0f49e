import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { RunShown } from "../../api/schema";
import { Link } from "../../components/Link";
import { Mark } from "../../components/Mark";
import { Section } from "../../components/Section";
import { plainWord } from "../../lib/words";
import { asking } from "../alerts/ask";
import { Answer, Page } from "../alerts/Page";
import { moment, relative, useZone } from "../zone";
import { runbookRoute } from "./RunbooksPage";
import { kindWords, readRun } from "./runWords";
import { Does, RunButtons } from "./StepCard";

/** One run: what was asked for, who agreed, what it came to, and who did what with it. */
export function RunPage(): ReactNode {
  const { run: number = "" } = useParams({ strict: false });
  const found = useQuery(asking.run(Number(number)));
  return (
    <Page title={`Run ${number}`} crumb={{ title: "Runbooks", path: "/runbooks" }}>
      <Answer of={found} what={`The run ${number}`}>
        {(run) => <Shown run={run} />}
      </Answer>
    </Page>
  );
}

function Shown({ run }: { run: RunShown }): ReactNode {
  const [zone] = useZone();
  return (
    <>
      <section className="summary">
        <h1>
          {run.title}
          {run.target ? ` on ${run.target}` : ""}
          {run.dry_run ? ": only shown" : ""}
        </h1>
        <p className="facts">
          <Mark reading={readRun(run)} />
          <span>{kindWords(run.kind)}</span>
          <span className="soft" title={moment(run.requested_at, zone)}>
            asked for {relative(run.requested_at, Date.now())} by{" "}
            <bdi>{run.by_itself ? "the server itself" : run.requested_by}</bdi>
          </span>
        </p>
        {run.reason ? <p className="note plain">{run.reason}</p> : null}
      </section>
      <RunButtons run={run} />
      <Section id="does" title={run.kind === "check" ? "What it looks at" : "What it does"}>
        <Does does={run.does} target={run.kind === "check" ? "" : run.target} />
        <p className="facts soft">
          <Link to={runbookRoute(run.runbook, subjectOf(run))}>Open the runbook</Link>
          {run.incident ? (
            <Link to={{ path: [`/incidents/${run.incident}`], query: {} }}>
              Incident {run.incident}
            </Link>
          ) : null}
          {run.alert ? (
            <Link to={{ path: ["/alerts"], query: { fingerprint: run.alert } }}>Its alert</Link>
          ) : null}
          {run.undo_of ? (
            <Link to={{ path: [`/runs/${run.undo_of}`], query: {} }}>
              Takes run {run.undo_of} back
            </Link>
          ) : null}
        </p>
      </Section>
      {run.result ? (
        <Section id="result" title="What it came to">
          <pre className="command said">{run.result.text || "Nothing was said."}</pre>
          {run.result.exit === null ? null : <p className="faint">Exit code {run.result.exit}</p>}
        </Section>
      ) : null}
      <Past run={run} />
    </>
  );
}

function subjectOf(run: RunShown): Record<string, string> {
  if (run.incident) return { incident: String(run.incident) };
  if (run.alert) return { alert: run.alert };
  return run.target ? { model: run.target } : {};
}

function Past({ run }: { run: RunShown }): ReactNode {
  const [zone] = useZone();
  return (
    <Section id="audit" title="Who did what">
      <ol className="log">
        {run.audit.map((each) => (
          <li key={JSON.stringify(each)}>
            <time dateTime={String(each.at)}>{moment(String(each.at), zone)}</time>
            <span>
              <bdi>{String(each.who ?? "")}</bdi> {plainWord(String(each.what ?? ""))}
              {each.where ? <span className="faint"> from {String(each.where)}</span> : null}
              {each.reason ? <span className="soft">: {String(each.reason)}</span> : null}
              {each.found ? <span className="soft">: {String(each.found)}</span> : null}
            </span>
          </li>
        ))}
      </ol>
    </Section>
  );
}
