import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import type { ModelDetail, RuleShown } from "../../api/schema";
import { asking } from "../alerts/ask";
import { soon } from "../alerts/words";
import { setKey } from "./ruleText";
import type { Draft } from "./useDraft";

/** The rule as fields; each writes its own line of the text. */
export function RuleForm({ draft, model }: { draft: Draft; model: ModelDetail }): ReactNode {
  const { rule, text, setText } = draft;
  if (!rule) return <p className="soft">The text cannot be read yet; mend it at the right.</p>;
  const set =
    (key: string, fallback = "") =>
    (value: string) =>
      setText(setKey(text, key, value === fallback ? null : value));
  return (
    <form className="fields" onSubmit={(event) => event.preventDefault()}>
      <Text label="Name" value={rule.alert} onChange={set("alert")} />
      {rule.has_budget ? (
        <p className="soft">Its budget of false alarms is changed in the text.</p>
      ) : (
        <Text
          label="Fires where"
          value={rule.expr ?? ""}
          onChange={set("expr")}
          isCode
          hint="Such as latency_p95 > 200, or psi(“temp”) > 0.2"
        />
      )}
      <div className="field-row">
        <Text label="for at least" value={rule.for} onChange={set("for", "0s")} size={6} />
        <Text label="measured over" value={rule.window} onChange={set("window")} size={6} />
        <Text
          label="with at least … rows"
          value={String(rule.min_rows)}
          onChange={set("min_rows", "1")}
          size={6}
        />
      </div>
      <div className="field-row">
        <Text
          label="fires on for"
          value={rule.keep_firing_for}
          onChange={set("keep_firing_for", "0s")}
          size={6}
        />
        <Text
          label="over only where"
          value={rule.clear ?? ""}
          onChange={set("clear")}
          isCode
          hint="Another condition; empty: as soon as it no longer fires"
        />
      </div>
      <Segment rule={rule} model={model} onChange={set("segment")} />
      <div className="field-row">
        <Severity rule={rule} onChange={set("severity")} />
        <NoData rule={rule} onChange={set("no_data")} />
      </div>
      <Text
        label="What the alert says"
        value={rule.annotations.summary ?? ""}
        onChange={set("annotations.summary")}
      />
      <Runbook rule={rule} onChange={set("annotations.runbook")} />
    </form>
  );
}

function Text(props: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  hint?: string;
  isCode?: boolean;
  size?: number;
}): ReactNode {
  const { label, value, onChange, hint, isCode, size } = props;
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const [shown, setShown] = useState(value);
  // While somebody types, what the server has read so far must not write over it.
  useEffect(() => {
    if (document.activeElement !== field.current) setShown(value);
  }, [value]);
  return (
    <span className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        ref={field}
        className={isCode ? "mono" : undefined}
        value={shown}
        title={hint}
        spellCheck={!isCode}
        {...(size ? { size } : {})}
        onBlur={() => setShown(value)}
        onChange={(event) => {
          setShown(event.target.value);
          onChange(event.target.value);
        }}
      />
    </span>
  );
}

interface Choice {
  rule: RuleShown;
  onChange: (value: string) => void;
}

function Segment({ rule, model, onChange }: Choice & { model: ModelDetail }): ReactNode {
  const id = useId();
  const columns = [...new Set([...Object.keys(model.segments), rule.segment ?? ""])].filter(
    Boolean,
  );
  if (columns.length === 0) return null;
  return (
    <span className="field">
      <label htmlFor={id}>One alert for each value of</label>
      <select id={id} value={rule.segment ?? ""} onChange={(event) => onChange(event.target.value)}>
        <option value="">all rows together</option>
        {columns.map((column) => (
          <option key={column}>{column}</option>
        ))}
      </select>
    </span>
  );
}

function Severity({ rule, onChange }: Choice): ReactNode {
  const id = useId();
  return (
    <span className="field">
      <label htmlFor={id}>Severity</label>
      <select
        id={id}
        value={rule.severity ?? ""}
        onChange={(event) => onChange(event.target.value)}
      >
        <option value="">none</option>
        {["P0", "P1", "P2", "P3"].map((each) => (
          <option key={each} value={each}>
            {each}, {soon(each)}
          </option>
        ))}
      </select>
    </span>
  );
}

function NoData({ rule, onChange }: Choice): ReactNode {
  const id = useId();
  return (
    <span className="field">
      <label htmlFor={id}>Without data</label>
      <select id={id} value={rule.no_data} onChange={(event) => onChange(event.target.value)}>
        <option value="alert">tell that data are missing</option>
        <option value="keep">stay as it was</option>
        <option value="ok">as if all were well</option>
      </select>
    </span>
  );
}

function Runbook({ rule, onChange }: Choice): ReactNode {
  const id = useId();
  const found = useQuery(asking.runbooks());
  const names = (found.data?.runbooks ?? []).map((each) => each.name);
  const chosen = rule.annotations.runbook ?? "";
  return (
    <span className="field">
      <label htmlFor={id}>Runbook</label>
      <select id={id} value={chosen} onChange={(event) => onChange(event.target.value)}>
        <option value="">none of ours</option>
        {[...new Set([...names, chosen])].filter(Boolean).map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </span>
  );
}
