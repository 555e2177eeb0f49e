import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { RunLine, RunShown, StepShown } from "../../api/schema";
import { Link } from "../../components/Link";
import { Mark } from "../../components/Mark";
import { Ask, Press, useAct } from "../Act";
import { asking } from "../alerts/ask";
import { send } from "../data/api";
import { useMay } from "../session/session";
import { moment, relative, useZone } from "../zone";
import { type About, doesLines, isAbout, kindWords, readRun } from "./runWords";

/** One step of a runbook, to be looked at, tried and done from here. */
export function StepCard(props: {
  runbook: string;
  step: StepShown;
  about: About;
  /** Why nothing can be run; '' where it can. */
  refusal: string;
}): ReactNode {
  const { runbook, step, about, refusal } = props;
  const runs = useQuery(asking.runs());
  const own = (runs.data?.runs ?? []).filter((run) => isAbout(run, runbook, step.id, about));
  const [last] = own;
  const isCheck = step.kind === "check";
  return (
    <section className="step-run" aria-label={step.title}>
      <header>
        <h3>{step.title}</h3>
        <span className="tag">{kindWords(step.kind)}</span>
        {isCheck ? null : step.reversible ? (
          <span className="tag">can be taken back</span>
        ) : (
          <span className="tag">cannot be taken back</span>
        )}
        {step.approval === "second" ? <span className="tag">asks a second person</span> : null}
      </header>
      <Does does={step.does} target={isCheck ? "" : step.target} />
      <StepButtons
        {...props}
        isCheck={isCheck}
        refusal={refusal}
        shown={own.find((run) => run.dry_run && run.state === "done")}
      />
      {last ? <LastRun run={last} earlier={own.length - 1} /> : null}
    </section>
  );
}

/** What a step does, name by name. */
export function Does(props: { does: Record<string, unknown>; target: string }): ReactNode {
  const lines = doesLines(props.does);
  return (
    <dl className="does">
      {lines.map(([name, value]) => (
        <div key={name} className="contents">
          <dt>{name}</dt>
          <dd>
            <code>{value}</code>
          </dd>
        </div>
      ))}
      {props.target ? (
        <div className="contents">
          <dt>acts on</dt>
          <dd>
            <code>{props.target}</code>
          </dd>
        </div>
      ) : null}
    </dl>
  );
}

function StepButtons(props: {
  runbook: string;
  step: StepShown;
  about: About;
  refusal: string;
  isCheck: boolean;
  /** The last run that only showed what it would do. */
  shown: RunLine | undefined;
}): ReactNode {
  const { runbook, step, about, refusal, isCheck, shown } = props;
  const may = useMay("edit");
  const automation = useQuery(asking.automation());
  const act = useAct();
  const [isAsking, setAsking] = useState(false);
  const ask = (dry: boolean) =>
    send<RunShown>("POST", "/v1/runs", { runbook, step: step.id, ...about, dry_run: dry });
  const mode = automation.data?.mode;
  const frozen = automation.data?.frozen;
  const off = mode === "off" ? "This server runs nothing." : "";
  const why = refusal || may || (isCheck ? "" : off);
  const whyNotReal =
    why ||
    (frozen ? `Everything is frozen: ${frozen.reason}` : "") ||
    (mode === "dry_run" ? "This server only shows what steps would do." : "");
  if (isCheck) {
    return (
      <>
        <div className="buttons">
          <Press refusal={why} isBusy={act.isBusy} onPress={() => act.run(() => ask(false))}>
            {act.isBusy ? "Looking…" : "Look now"}
          </Press>
        </div>
        {act.failure}
      </>
    );
  }
  return (
    <>
      <div className="buttons">
        <Press refusal={why} isBusy={act.isBusy} onPress={() => act.run(() => ask(true))}>
          Show what it would do
        </Press>
        <Press refusal={whyNotReal} isBusy={act.isBusy} onPress={() => setAsking(true)}>
          Run this step
        </Press>
        {off && !may ? <span className="faint">{automation.data?.sentence}</span> : null}
      </div>
      {act.failure}
      <Ask
        title={`Run: ${step.title}?`}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        verb="Run it"
        lead={
          <>
            <p>{effectWords(step)}</p>
            <Does does={step.does} target={step.target} />
            <Foreseen shown={shown} />
          </>
        }
        onSubmit={() => ask(false)}
      />
    </>
  );
}

/** What it would do with the values in it, where somebody has had that shown. */
function Foreseen({ shown }: { shown: RunLine | undefined }): ReactNode {
  const run = useQuery({ ...asking.run(shown?.number ?? 0), enabled: shown !== undefined });
  if (!shown) return <p>Nobody has had shown yet what it would do; that is the first button.</p>;
  return run.data?.result ? (
    <>
      <p>As it was shown {relative(shown.requested_at, Date.now())}:</p>
      <pre className="command">{run.data.result.text}</pre>
    </>
  ) : null;
}

function effectWords(step: StepShown): string {
  const who =
    step.approval === "second"
      ? "It waits until a second person has agreed"
      : "It waits until somebody has agreed, where the operator asks for that";
  const back = step.reversible
    ? step.undo
      ? "it can be taken back from here"
      : "it can be taken back"
    : "it cannot be taken back";
  return `${who}; ${back}.`;
}

function LastRun({ run, earlier }: { run: RunLine; earlier: number }): ReactNode {
  const [zone] = useZone();
  const whole = useQuery(asking.run(run.number));
  const text = whole.data?.result?.text;
  return (
    <div className="last-run" aria-live="polite">
      <p className="facts">
        <Mark reading={readRun(run)} />
        <span className="soft" title={moment(run.requested_at, zone)}>
          {run.dry_run ? "tried" : "asked for"} {relative(run.requested_at, Date.now())} by{" "}
          <bdi>{run.requested_by}</bdi>
        </span>
        <Link to={{ path: [`/runs/${run.number}`], query: {} }}>Run {run.number}</Link>
        {earlier ? <span className="faint">{earlier} earlier</span> : null}
      </p>
      {run.reason ? <p className="soft">{run.reason}</p> : null}
      {text ? <pre className="command">{text}</pre> : null}
      <RunButtons run={run} />
    </div>
  );
}

/** What can be done with a run as it stands. */
export function RunButtons({ run }: { run: RunLine }): ReactNode {
  const may = useMay("edit");
  const act = useAct();
  const post = (what: string, body?: unknown) =>
    act.run(() => send("POST", `/v1/runs/${run.number}/${what}`, body));
  const canUndo =
    (run.state === "effective" ||
      run.state === "ineffective" ||
      run.state === "verifying" ||
      run.state === "done") &&
    run.kind !== "check" &&
    !run.dry_run &&
    run.undo_of === null;
  if (!run.waits_for_approval && !canUndo && run.state !== "unknown") return act.failure;
  return (
    <>
      <div className="buttons">
        {run.waits_for_approval ? (
          <>
            <Press isPrimary refusal={may} isBusy={act.isBusy} onPress={() => post("approve")}>
              Approve the run
            </Press>
            <Refuse run={run} refusal={may} />
          </>
        ) : null}
        {canUndo ? (
          <Press refusal={may} isBusy={act.isBusy} onPress={() => post("undo")}>
            Take it back
          </Press>
        ) : null}
        {run.state === "unknown" ? (
          <>
            <Press refusal={may} onPress={() => post("settle", { done: true })}>
              I looked: it was done
            </Press>
            <Press refusal={may} onPress={() => post("settle", { done: false })}>
              I looked: it was not done
            </Press>
          </>
        ) : null}
      </div>
      {act.failure}
    </>
  );
}

function Refuse({ run, refusal }: { run: RunLine; refusal: string }): ReactNode {
  const [isAsking, setAsking] = useState(false);
  return (
    <>
      <Press refusal={refusal} onPress={() => setAsking(true)}>
        Refuse the run
      </Press>
      <Ask
        title={`Refuse run ${run.number}?`}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        verb="Refuse it"
        lead="It is not done; it can be asked for anew."
        onSubmit={(form) =>
          send("POST", `/v1/runs/${run.number}/refuse`, { reason: String(form.get("reason")) })
        }
      >
        <label htmlFor="reason">Why</label>
        <input id="reason" name="reason" maxLength={2000} required />
      </Ask>
    </>
  );
}
