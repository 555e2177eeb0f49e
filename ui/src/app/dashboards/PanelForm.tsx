import { Modal, MultiSelect, TagsInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import type { ModelLine, PanelShown } from "../../api/schema";
import { ask } from "../data/queries";
import { isMeasured, missing } from "./draft";

const KINDS: { value: PanelShown["kind"]; label: string }[] = [
  { value: "lines", label: "Metrics over time" },
  { value: "numbers", label: "Numbers of the range" },
  { value: "table", label: "Table" },
  { value: "alerts", label: "Alerts that fire" },
  { value: "text", label: "Words" },
];

interface Props {
  panel: PanelShown;
  models: ModelLine[];
  onDone: (panel: PanelShown) => void;
  onClose: () => void;
}

/** What a panel shows. */
export function PanelForm({ panel, models, onDone, onClose }: Props): ReactNode {
  const [draft, setDraft] = useState(panel);
  const [problem, setProblem] = useState("");
  const set = (change: Partial<PanelShown>) => setDraft((now) => ({ ...now, ...change }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const why = missing(draft);
    setProblem(why);
    if (!why) onDone(draft);
  };
  return (
    <Modal
      opened
      onClose={onClose}
      lockScroll={false}
      title={panel.title ? `Change '${panel.title}'` : "Add a panel"}
    >
      <form className="fields" onSubmit={submit}>
        <label htmlFor="panel-title">Title</label>
        <input
          id="panel-title"
          value={draft.title}
          maxLength={200}
          data-autofocus
          onChange={(event) => set({ title: event.target.value })}
        />
        <label htmlFor="panel-kind">Shows</label>
        <select
          id="panel-kind"
          value={draft.kind}
          onChange={(event) => set({ kind: event.target.value as PanelShown["kind"] })}
        >
          {KINDS.map((kind) => (
            <option key={kind.value} value={kind.value}>
              {kind.label}
            </option>
          ))}
        </select>
        {isMeasured(draft.kind) ? <MeasuredFields draft={draft} set={set} /> : null}
        {draft.kind === "text" ? (
          <>
            <label htmlFor="panel-text">Words</label>
            <textarea
              id="panel-text"
              rows={5}
              value={draft.text}
              onChange={(event) => set({ text: event.target.value })}
            />
          </>
        ) : (
          <ModelField draft={draft} models={models} set={set} />
        )}
        {problem ? (
          <p role="alert" className="tone-fail">
            {problem}
          </p>
        ) : null}
        <p className="buttons">
          <button type="submit" className="button primary">
            {panel.title ? "Change the panel" : "Add the panel"}
          </button>
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
        </p>
      </form>
    </Modal>
  );
}

type Set = (change: Partial<PanelShown>) => void;

function ModelField(props: { draft: PanelShown; models: ModelLine[]; set: Set }): ReactNode {
  const { draft, models, set } = props;
  return (
    <>
      <label htmlFor="panel-model">Model</label>
      <select
        id="panel-model"
        value={draft.model ?? ""}
        onChange={(event) => set({ model: event.target.value || null })}
      >
        <option value="">the one that the page names</option>
        <option value="*">every one</option>
        {models.map((model) => (
          <option key={model.name} value={model.name}>
            {model.name}
          </option>
        ))}
      </select>
    </>
  );
}

function MeasuredFields({ draft, set }: { draft: PanelShown; set: Set }): ReactNode {
  const known = useQuery({ ...ask.metrics(), refetchInterval: false });
  return (
    <>
      <MultiSelect
        label="Metrics"
        data={known.data?.names ?? draft.metrics}
        value={draft.metrics}
        onChange={(metrics) => set({ metrics })}
        searchable
        hidePickedOptions
        maxDropdownHeight={260}
        nothingFoundMessage="There is no such metric."
      />
      <TagsInput
        label="Columns, for metrics of columns; all where empty"
        value={draft.columns}
        onChange={(columns) => set({ columns })}
      />
      <label htmlFor="panel-segment">Segment, as COLUMN:VALUE; COLUMN:* is each value</label>
      <input
        id="panel-segment"
        value={draft.segment ?? ""}
        placeholder="all rows"
        onChange={(event) => set({ segment: event.target.value || null })}
      />
      <label htmlFor="panel-version">Version</label>
      <input
        id="panel-version"
        value={draft.version ?? ""}
        placeholder="all versions"
        onChange={(event) => set({ version: event.target.value || null })}
      />
    </>
  );
}
