import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { type ReactNode, type RefObject, useCallback, useRef, useState } from "react";
import type { DashboardShown, ModelLine, PanelShown } from "../../api/schema";
import { Link } from "../../components/Link";
import { useChoice } from "../../state/route";
import { ask } from "../data/queries";
import { RangePicker, useRange } from "../RangePicker";
import { useMay } from "../session/session";
import { Failed, Nothing, Skeleton } from "../shell/states";
import { dashboardPath } from "./DashboardsPage";
import { ExportMenu } from "./ExportMenu";
import { Panel } from "./Panels";
import type { Around } from "./usePanel";

/** A dashboard as it is kept; `?copy` and `?edit` are its editor. */
export function DashboardPage(): ReactNode {
  const { dashboard: name = "" } = useParams({ strict: false });
  const found = useQuery(ask.dashboard(name));
  const models = useQuery(ask.models());
  if (found.isPending || models.isPending) {
    return (
      <main className="page">
        <Skeleton height={320} label={`Loading ${name}`} />
      </main>
    );
  }
  if (!found.data || !models.data) {
    return (
      <main className="page">
        <Failed error={found.error ?? models.error} what={`The dashboard ${name}`} />
      </main>
    );
  }
  return <Shown dashboard={found.data} models={models.data.models} />;
}

function Shown(props: { dashboard: DashboardShown; models: ModelLine[] }): ReactNode {
  const { dashboard, models } = props;
  const around = useAround(models, dashboard);
  const body = useRef<HTMLDivElement>(null);
  const refusal = useMay("edit");
  const verb = dashboard.shipped ? "Copy and change" : "Change";
  return (
    <>
      <header className="bar">
        <nav className="crumbs" aria-label="Way back">
          <Link to={{ path: ["/dashboards"], query: {} }}>Dashboards</Link>
          <span aria-hidden="true">/</span>
        </nav>
        <h1 className="model">
          <bdi>{dashboard.title}</bdi>
        </h1>
        {dashboard.of_one_model ? <ModelChoice models={models} model={around.model} /> : null}
        <span className="range actions">
          {refusal ? (
            <button type="button" className="button" disabled title={refusal}>
              {verb}
            </button>
          ) : (
            <Link
              className="button"
              to={{ path: [`${dashboardPath(dashboard.name)}/edit`], query: {} }}
            >
              {verb}
            </Link>
          )}
          <ExportMenu dashboard={dashboard} around={around} body={body} />
          <RangePicker range={around.range} />
        </span>
      </header>
      <main className="page wide">
        {dashboard.description ? <p className="soft prose">{dashboard.description}</p> : null}
        {dashboard.panels.length === 0 ? (
          <Nothing title="There is no panel here yet">
            <p>Change the dashboard to add one.</p>
          </Nothing>
        ) : (
          <Board panels={dashboard.panels} around={around} body={body} />
        )}
      </main>
    </>
  );
}

/** The panels; those that have nothing to show in this range are named below the others. */
function Board(props: {
  panels: PanelShown[];
  around: Around;
  body: RefObject<HTMLDivElement | null>;
}): ReactNode {
  const { panels, around, body } = props;
  const [empty, setEmpty] = useState<ReadonlySet<number>>(new Set());
  const told = useCallback(
    (place: number, isEmpty: boolean) =>
      setEmpty((now) => {
        if (now.has(place) === isEmpty) return now;
        const next = new Set(now);
        if (isEmpty) next.add(place);
        else next.delete(place);
        return next;
      }),
    [],
  );
  const left = panels.filter((_, place) => empty.has(place)).map((panel) => panel.title);
  return (
    <>
      <div className="board" ref={body}>
        {panels.map((panel, place) => (
          <section
            // biome-ignore lint/suspicious/noArrayIndexKey: a panel has no name but its place.
            key={place}
            className={`panel ${panel.size}`}
            aria-label={panel.title}
            hidden={empty.has(place) && left.length < panels.length}
          >
            <h2>
              <bdi>{panel.title}</bdi>
            </h2>
            <Panel panel={panel} around={around} onEmpty={(isEmpty) => told(place, isEmpty)} />
          </section>
        ))}
      </div>
      {left.length && left.length < panels.length ? (
        <p className="faint prose left-out">
          Nothing was measured in this range for: {left.join(", ")}.
        </p>
      ) : null}
    </>
  );
}

/** The range and the model of a dashboard, from the address. */
export function useAround(
  models: ModelLine[],
  dashboard: Pick<DashboardShown, "window">,
): Around & { range: ReturnType<typeof useRange> } {
  const [chosen] = useChoice("model");
  const known = models.some((model) => model.name === chosen);
  const model = known ? chosen : (models[0]?.name ?? "");
  const last = models
    .map((each) => each.last_event ?? "")
    .sort()
    .at(-1);
  const range = useRange(last || null, dashboard.window);
  return { models, model, window: range.window, range };
}

/** Which model the panels show that name none. */
export function ModelChoice({ models, model }: { models: ModelLine[]; model: string }): ReactNode {
  const [, choose] = useChoice("model");
  if (models.length === 0) return null;
  return (
    <span className="filters">
      <label>
        <span className="soft">Model</span>
        <select value={model} onChange={(event) => choose(event.target.value)}>
          {models.map((each) => (
            <option key={each.name} value={each.name}>
              {each.name}
            </option>
          ))}
        </select>
      </label>
    </span>
  );
}
