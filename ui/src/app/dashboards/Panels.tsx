import { useQuery } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useEffect, useMemo, useRef } from "react";
import type { PanelShown } from "../../api/schema";
import { type Column, DataTable } from "../../components/DataTable";
import { Guard } from "../../components/Guard";
import { Link } from "../../components/Link";
import { Shape } from "../../components/Mark";
import { count, interval } from "../../lib/format";
import { ask } from "../data/queries";
import { load } from "../load";
import { useEvents } from "../model/events";
import { Skeleton } from "../shell/states";
import { valueText } from "../units";
import { moment, useZone } from "../zone";
import { metricWords, modelsOf, nameOf, type Owned } from "./lines";
import { isMany, longsOf } from "./many";
import { type Around, useLongs, usePanel } from "./usePanel";

const ManyBody = lazy(async () => ({ default: (await load(() => import("./ManyBody"))).ManyBody }));
const LinesBody = lazy(async () => ({
  default: (await load(() => import("./LinesBody"))).LinesBody,
}));

interface Props {
  panel: PanelShown;
  around: Around;
  /** Told whether it has nothing to show. */
  onEmpty?: (isEmpty: boolean) => void;
}

/** One panel: it loads, is empty or fails by itself, and the others stand. */
export function Panel({ panel, around, onEmpty }: Props): ReactNode {
  return (
    <Guard key={panel.title}>
      {panel.kind === "text" ? (
        <p className="panel-text">{panel.text}</p>
      ) : panel.kind === "alerts" ? (
        <AlertsBody panel={panel} around={around} />
      ) : isMany(panel, around) ? (
        <Long panel={panel} around={around} {...(onEmpty ? { onEmpty } : {})} />
      ) : (
        <Measured panel={panel} around={around} {...(onEmpty ? { onEmpty } : {})} />
      )}
    </Guard>
  );
}

/** Lines of so many points that only their values are asked for. */
function Long({ panel, around, onEmpty }: Props): ReactNode {
  const { answers, isPending, error } = useLongs(panel, around);
  const names = answers.map(({ model }) => model);
  const events = useEvents(names.length === 1 ? (names[0] ?? "") : "", around.window);
  const longs = useMemo(() => longsOf(answers), [answers]);
  const isEmpty = !isPending && !error && longs.lines.length === 0;
  useTold(onEmpty, isEmpty);
  if (isPending) return <Skeleton height={210} label={`Loading ${panel.title}`} />;
  if (error) return <PanelError error={error} />;
  if (isEmpty) return <p className="panel-note faint">{emptyWords(names)}</p>;
  return (
    <Suspense fallback={<Skeleton height={210} label={`Loading ${panel.title}`} />}>
      <ManyBody panel={panel} longs={longs} events={events} />
    </Suspense>
  );
}

function useTold(onEmpty: Props["onEmpty"], isEmpty: boolean): void {
  const tell = useRef(onEmpty);
  tell.current = onEmpty;
  useEffect(() => tell.current?.(isEmpty), [isEmpty]);
}

function PanelError({ error }: { error: Error }): ReactNode {
  return (
    <p className="panel-note" role="alert">
      <Shape tone="fail" /> {error.message}
    </p>
  );
}

function Measured({ panel, around, onEmpty }: Props): ReactNode {
  const { lines, isPending, error } = usePanel(panel, around);
  const names = modelsOf(
    panel,
    around.model,
    around.models.map((model) => model.name),
  );
  const events = useEvents(names.length === 1 ? (names[0] ?? "") : "", around.window);
  const isEmpty = !isPending && !error && lines.length === 0;
  useTold(onEmpty, isEmpty);
  if (isPending) return <Skeleton height={210} label={`Loading ${panel.title}`} />;
  if (error) return <PanelError error={error} />;
  if (isEmpty) {
    return <p className="panel-note faint">{emptyWords(names)}</p>;
  }
  if (panel.kind === "numbers") return <NumbersBody lines={lines} />;
  if (panel.kind === "table") return <TableBody panel={panel} lines={lines} />;
  return (
    <Suspense fallback={<Skeleton height={210} label={`Loading ${panel.title}`} />}>
      <LinesBody panel={panel} lines={lines} events={events} />
    </Suspense>
  );
}

const emptyWords = (names: string[]): string =>
  names.length === 0
    ? "There is no model yet."
    : "Nothing of this was measured in the range; choose a longer one.";

function NumbersBody({ lines }: { lines: Owned[] }): ReactNode {
  return (
    <dl className="numbers">
      {lines.map((one) => {
        const point = one.line.points.at(-1);
        const { unit } = one.line;
        const between = interval(point?.low, point?.high, (value) =>
          valueText(value ?? null, unit),
        );
        return (
          <div key={`${one.model} ${one.line.metric} ${one.line.column} ${one.line.segment}`}>
            <dt>{nameOf(one, lines)}</dt>
            <dd>
              <b>{valueText(point?.value, unit)}</b>
              <span className="faint">
                {between ? ` ${between}` : ""}
                {point?.n_current ? ` of ${count(point.n_current)}` : ""}
              </span>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

interface Row {
  key: string;
  model: string;
  name: string;
  values: Map<string, Owned>;
}

function TableBody({ panel, lines }: { panel: PanelShown; lines: Owned[] }): ReactNode {
  const rows = useMemo(() => rowsOf(lines), [lines]);
  const columns = useMemo(() => columnsOf(lines), [lines]);
  return (
    <DataTable
      id={`panel-${panel.title}`}
      caption={panel.title}
      columns={columns}
      rows={rows}
      rowKey={(row) => row.key}
      to={(row) => ({ path: [`/models/${encodeURIComponent(row.model)}`], query: {} })}
    />
  );
}

function rowsOf(lines: Owned[]): Row[] {
  const rows = new Map<string, Row>();
  const bare = lines.map(withoutMetric);
  lines.forEach((one, place) => {
    const { segment, column, version } = one.line;
    const key = JSON.stringify([one.model, segment, column, version]);
    const name = nameOf(bare[place] ?? one, bare) || one.model;
    const row = rows.get(key) ?? { key, model: one.model, name, values: new Map<string, Owned>() };
    row.values.set(one.line.metric, one);
    rows.set(key, row);
  });
  return [...rows.values()];
}

/** A row is named by all but its metric, which is a column. */
const withoutMetric = (one: Owned): Owned => ({
  ...one,
  line: { ...one.line, metric: "", title: "" },
});

function columnsOf(lines: Owned[]): Column<Row>[] {
  const metrics = new Map(lines.map(({ line }) => [line.metric, line]));
  return [
    {
      id: "name",
      title: "Name",
      value: (row) => row.name,
      cell: (row) => (
        <Link to={{ path: [`/models/${encodeURIComponent(row.model)}`], query: {} }}>
          <bdi>{row.name}</bdi>
        </Link>
      ),
    },
    ...[...metrics.values()].map(
      (line): Column<Row> => ({
        id: line.metric,
        title: metricWords(line),
        align: "end",
        value: (row) => row.values.get(line.metric)?.line.points.at(-1)?.value,
        cell: (row) => valueText(row.values.get(line.metric)?.line.points.at(-1)?.value, line.unit),
      }),
    ),
  ];
}

function AlertsBody({ panel, around }: { panel: PanelShown; around: Around }): ReactNode {
  const model = panel.model === "*" ? undefined : (panel.model ?? around.model);
  const found = useQuery(ask.alerts(model ? { model } : {}));
  const [zone] = useZone();
  if (found.isPending) return <Skeleton height={60} label="Loading alerts" />;
  if (!found.data) {
    return (
      <p className="panel-note" role="alert">
        <Shape tone="fail" /> {found.error.message}
      </p>
    );
  }
  const firing = found.data.alerts.filter((alert) => alert.state === "firing");
  if (firing.length === 0) {
    return (
      <p className="panel-note">
        <Shape tone="pass" /> Nothing fires.
      </p>
    );
  }
  return (
    <ul className="panel-alerts">
      {firing.map((alert) => (
        <li key={alert.fingerprint}>
          <Shape tone="fail" />{" "}
          <Link to={{ path: ["/alerts"], query: { fingerprint: alert.fingerprint } }}>
            {alert.alert}
          </Link>{" "}
          <bdi>{alert.model}</bdi>{" "}
          <span className="faint">since {moment(alert.fired_at, zone)}</span>
        </li>
      ))}
    </ul>
  );
}
