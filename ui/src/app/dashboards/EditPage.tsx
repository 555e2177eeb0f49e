import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useBlocker, useParams } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { DashboardShown, ModelLine, PanelShown } from "../../api/schema";
import { Link } from "../../components/Link";
import { navigate } from "../../state/route";
import { addressOf, at } from "../data/api";
import { ask } from "../data/queries";
import { RangePicker } from "../RangePicker";
import { Failed, Skeleton } from "../shell/states";
import { ModelChoice, useAround } from "./DashboardPage";
import { dashboardPath } from "./DashboardsPage";
import { type Draft, draftOf, EMPTY, moved, NEW_PANEL } from "./draft";
import { PanelForm } from "./PanelForm";
import { Panel } from "./Panels";
import { remove, save } from "./saving";

/** Makes a dashboard, or changes one; what ships is copied. */
export function EditPage(): ReactNode {
  const { dashboard: name } = useParams({ strict: false });
  const models = useQuery(ask.models());
  const all = useQuery(ask.dashboards());
  const kept = useQuery({
    ...ask.dashboard(name ?? ""),
    enabled: name !== undefined,
    // What is being changed must not change meanwhile; who else changed it is told at saving.
    refetchInterval: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const error = models.error ?? all.error ?? kept.error;
  if (models.data && all.data && (name === undefined || kept.data)) {
    const taken = all.data.dashboards.map((line) => line.name);
    return (
      <Editor
        key={name ?? ""}
        kept={kept.data && name !== undefined ? kept.data : null}
        models={models.data.models}
        taken={taken}
      />
    );
  }
  return (
    <main className="page">
      {error ? (
        <Failed error={error} what="The dashboard" />
      ) : (
        <Skeleton height={320} label="Loading the dashboard" />
      )}
    </main>
  );
}

interface EditorProps {
  kept: DashboardShown | null;
  models: ModelLine[];
  taken: string[];
}

function Editor({ kept, models, taken }: EditorProps): ReactNode {
  const [start] = useState<Draft>(() => (kept ? draftOf(kept) : EMPTY));
  const [draft, setDraft] = useState(start);
  const client = useQueryClient();
  const around = useAround(models, draft);
  const own = kept && !kept.shipped ? kept : null;
  const saving = useMutation({
    mutationFn: () => save(draft, own, taken),
    onSuccess: async (made) => {
      setDraft(start);
      await client.invalidateQueries({ queryKey: ["dashboards"] });
      navigate({ path: [dashboardPath(made.name)], query: {} });
    },
  });
  useBlocker({
    shouldBlockFn: ({ next, current }) =>
      next.pathname !== current.pathname &&
      draft !== start &&
      !saving.isSuccess &&
      !confirm("The dashboard was not saved. Leave it, and lose what you changed?"),
    enableBeforeUnload: () => draft !== start && !saving.isSuccess,
  });
  return (
    <>
      <header className="bar">
        <nav className="crumbs" aria-label="Way back">
          <Link to={{ path: ["/dashboards"], query: {} }}>Dashboards</Link>
          <span aria-hidden="true">/</span>
        </nav>
        <h1 className="model">{own ? "Change a dashboard" : "Make a dashboard"}</h1>
        <ModelChoice models={models} model={around.model} />
        <span className="range actions">
          <button
            type="button"
            className="button primary"
            disabled={!draft.title.trim() || saving.isPending}
            title={draft.title.trim() ? undefined : "Give the dashboard a title first."}
            onClick={() => saving.mutate()}
          >
            {saving.isPending ? "Saving …" : "Save the dashboard"}
          </button>
          {own ? <RemoveButton kept={own} /> : null}
          <RangePicker range={around.range} />
        </span>
      </header>
      <main className="page wide">
        {saving.error ? (
          <p role="alert" className="tone-fail prose">
            {saving.error.message}
          </p>
        ) : null}
        <Head draft={draft} onChange={(change) => setDraft({ ...draft, ...change })} />
        <Board
          panels={draft.panels}
          around={around}
          onChange={(panels) => setDraft({ ...draft, panels })}
        />
      </main>
    </>
  );
}

function Head(props: { draft: Draft; onChange: (change: Partial<Draft>) => void }): ReactNode {
  const { draft, onChange } = props;
  return (
    <div className="fields head-fields">
      <label htmlFor="board-title">Title</label>
      <input
        id="board-title"
        value={draft.title}
        maxLength={200}
        onChange={(event) => onChange({ title: event.target.value })}
      />
      <label htmlFor="board-about">What it is for</label>
      <input
        id="board-about"
        value={draft.description}
        maxLength={1000}
        onChange={(event) => onChange({ description: event.target.value })}
      />
    </div>
  );
}

interface BoardProps {
  panels: PanelShown[];
  around: ReturnType<typeof useAround>;
  onChange: (panels: PanelShown[]) => void;
}

function Board({ panels, around, onChange }: BoardProps): ReactNode {
  // The place of the panel that is being changed; one past the end is a new one.
  const [open, setOpen] = useState<number | null>(null);
  const put = (place: number, panel: PanelShown) =>
    onChange([...panels.slice(0, place), panel, ...panels.slice(place + 1)]);
  return (
    <>
      <div className="board editing">
        {panels.map((panel, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a panel has no name but its place.
          <section key={place} className={`panel ${panel.size}`} aria-label={panel.title}>
            <h2>
              <bdi>{panel.title}</bdi>
            </h2>
            <PanelTools
              panel={panel}
              isFirst={place === 0}
              isLast={place === panels.length - 1}
              onOpen={() => setOpen(place)}
              onMove={(by) => onChange(moved(panels, place, by))}
              onPut={(next) => put(place, next)}
              onRemove={() => onChange(panels.filter((_, other) => other !== place))}
            />
            <Panel panel={panel} around={around} />
          </section>
        ))}
        <button type="button" className="button add-panel" onClick={() => setOpen(panels.length)}>
          Add a panel
        </button>
      </div>
      {open === null ? null : (
        <PanelForm
          panel={panels[open] ?? NEW_PANEL}
          models={around.models}
          onClose={() => setOpen(null)}
          onDone={(panel) => {
            put(open, panel);
            setOpen(null);
          }}
        />
      )}
    </>
  );
}

function PanelTools(props: {
  panel: PanelShown;
  isFirst: boolean;
  isLast: boolean;
  onOpen: () => void;
  onMove: (by: -1 | 1) => void;
  onPut: (panel: PanelShown) => void;
  onRemove: () => void;
}): ReactNode {
  const { panel, isFirst, isLast, onOpen, onMove, onPut, onRemove } = props;
  return (
    <div className="panel-tools">
      <button type="button" className="text-button" onClick={onOpen}>
        Change
      </button>
      <button
        type="button"
        className="text-button"
        disabled={isFirst}
        onClick={() => onMove(-1)}
        aria-label={`← Forward: ${panel.title}`}
      >
        ← Forward
      </button>
      <button
        type="button"
        className="text-button"
        disabled={isLast}
        onClick={() => onMove(1)}
        aria-label={`Back →: ${panel.title}`}
      >
        Back →
      </button>
      <select
        aria-label={`Width of ${panel.title}`}
        value={panel.size}
        onChange={(event) => onPut({ ...panel, size: event.target.value as PanelShown["size"] })}
      >
        <option value="third">a third wide</option>
        <option value="half">half wide</option>
        <option value="full">whole width</option>
      </select>
      <button
        type="button"
        className="text-button"
        onClick={onRemove}
        aria-label={`Take out ${panel.title}`}
      >
        Take out
      </button>
    </div>
  );
}

function RemoveButton({ kept }: { kept: DashboardShown }): ReactNode {
  const client = useQueryClient();
  const removing = useMutation({
    mutationFn: () => remove(client, kept),
    onSuccess: () => navigate({ path: ["/dashboards"], query: {} }),
  });
  return (
    <button
      type="button"
      className="button"
      disabled={removing.isPending}
      title={removing.error?.message ?? addressOf(at`/v1/dashboards/${kept.name}`)}
      onClick={() => removing.mutate()}
    >
      Remove the dashboard
    </button>
  );
}
