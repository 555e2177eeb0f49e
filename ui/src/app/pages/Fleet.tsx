import { useQueries, useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import type { AlertShown, Glance, ModelLine } from "../../api/schema";
import { type Column, DataTable } from "../../components/DataTable";
import { Link } from "../../components/Link";
import { Mark } from "../../components/Mark";
import { Name } from "../../components/Name";
import { SearchBox } from "../../components/SearchBox";
import { count, interval, number, percent } from "../../lib/format";
import { capital, metricTitle } from "../../lib/words";
import { useChoice } from "../../state/route";
import { ask } from "../data/queries";
import { RangePicker, useRange } from "../RangePicker";
import { Spark } from "../Spark";
import { Failed, Skeleton } from "../shell/states";
import { duration, moment, relative, useZone } from "../zone";
import { FirstSteps } from "./FirstSteps";
import { grouped, isFound, waysToGroup } from "./grouping";
import { fleetWords, healthOf } from "./health";

export interface FleetRow {
  line: ModelLine;
  glance: Glance | undefined;
  alerts: AlertShown[];
}

/** Every model in a line: which ones are well, and which are not. */
export function Fleet(): ReactNode {
  const models = useQuery(ask.models());
  if (models.isPending)
    return <FleetFrame body={<Skeleton height={240} label="Loading models" />} />;
  if (models.isError && !models.data) {
    return <FleetFrame body={<Failed error={models.error} what="The list of models" />} />;
  }
  const lines = models.data?.models ?? [];
  if (lines.length === 0) return <FirstSteps />;
  return <FleetOf lines={lines} />;
}

function FleetFrame({ body }: { body: ReactNode }): ReactNode {
  return (
    <>
      <header className="bar">
        <span className="model">Models</span>
      </header>
      <main className="page">{body}</main>
    </>
  );
}

function FleetOf({ lines }: { lines: ModelLine[] }): ReactNode {
  const last = lines
    .map((line) => line.last_event ?? "")
    .sort()
    .at(-1);
  const range = useRange(last || null);
  const alerts = useQuery(ask.alerts());
  const glances = useQueries({ queries: lines.map((line) => ask.glance(line.name, range.window)) });
  const [search, setSearch] = useChoice("q");
  const [zone] = useZone();
  const rows = lines.map(
    (line, place): FleetRow => ({
      line,
      glance: glances[place]?.data,
      alerts: (alerts.data?.alerts ?? []).filter((alert) => alert.model === line.name),
    }),
  );
  const shown = rows.filter((row) => isFound(row.line, search));
  const ways = waysToGroup(lines);
  const [chosen, group] = useChoice("group");
  const by = ways.includes(chosen) ? chosen : "";
  const columns = useMemo(() => columnsOf((iso) => moment(iso, zone)), [zone]);
  return (
    <>
      <header className="bar">
        <span className="model">Models</span>
        <RangePicker range={range} />
      </header>
      <main className="page wide">
        <section className="summary">
          <h1>{fleetWords(rows)}</h1>
        </section>
        {lines.length > 5 || ways.length ? (
          <div className="tools">
            {lines.length > 5 ? (
              <SearchBox value={search} label="Search models" onChange={setSearch} />
            ) : null}
            {ways.length ? <GroupChoice ways={ways} value={by} onChange={group} /> : null}
          </div>
        ) : null}
        {(by ? grouped(shown, by) : [{ name: "", rows: shown }]).map((part) => (
          <section key={part.name}>
            {by ? (
              <h2 className="group-title">
                <bdi>{part.name || `no ${by}`}</bdi>{" "}
                <span className="faint">{fleetWords(part.rows)}</span>
              </h2>
            ) : null}
            <DataTable
              id="fleet"
              caption={by ? `Models of ${part.name || `no ${by}`}` : "Models"}
              columns={columns}
              rows={part.rows}
              rowKey={(row) => row.line.name}
              to={(row) => ({ path: [modelPath(row.line.name)], query: {} })}
              empty="No model has these letters in its name, its owner or its tags."
            />
          </section>
        ))}
      </main>
    </>
  );
}

function GroupChoice(props: {
  ways: string[];
  value: string;
  onChange: (value: string) => void;
}): ReactNode {
  return (
    <label className="soft">
      Group by{" "}
      <select value={props.value} onChange={(event) => props.onChange(event.target.value)}>
        <option value="">nothing</option>
        {props.ways.map((way) => (
          <option key={way} value={way}>
            {way}
          </option>
        ))}
      </select>
    </label>
  );
}

export const modelPath = (name: string): string => `/models/${encodeURIComponent(name)}`;

function columnsOf(show: (iso: string | null | undefined) => string): Column<FleetRow>[] {
  const waiting = (row: FleetRow, body: (glance: Glance) => ReactNode) =>
    row.glance ? body(row.glance) : <span className="faint">…</span>;
  return [
    {
      id: "model",
      title: "Model",
      value: (row) => row.line.name,
      cell: (row) => (
        <Link to={{ path: [modelPath(row.line.name)], query: {} }}>
          <Name text={row.line.name} />
        </Link>
      ),
    },
    {
      id: "health",
      title: "Health",
      value: (row) => healthOf(row).rank,
      cell: (row) => <Mark reading={healthOf(row)} />,
    },
    {
      id: "alerts",
      title: "Alerts",
      align: "end",
      value: (row) => firing(row),
      cell: (row) =>
        firing(row) ? (
          <b className="tone-fail">{count(firing(row))}</b>
        ) : (
          <span className="faint">0</span>
        ),
    },
    {
      id: "volume",
      title: "Predictions",
      align: "end",
      value: (row) => row.glance?.rows,
      cell: (row) =>
        waiting(row, (glance) => (
          <span className="with-spark">
            <Spark line={glance.series[0]} stepS={glance.step_s} window={glance.window} fromZero />
            <span>{count(glance.rows)}</span>
          </span>
        )),
    },
    {
      id: "errors",
      title: "Errors",
      align: "end",
      hide: "phone-hide",
      value: (row) => row.glance?.service.error_rate?.value,
      cell: (row) => waiting(row, (glance) => percent(glance.service.error_rate?.value)),
    },
    {
      id: "p95",
      title: "P95",
      align: "end",
      hide: "phone-hide",
      hint: "Latency that 95 % of predictions stay below",
      value: (row) => row.glance?.service["latency_ms@p95"]?.value,
      cell: (row) =>
        waiting(row, (glance) => {
          const value = glance.service["latency_ms@p95"]?.value;
          return typeof value === "number" ? `${number(value)} ms` : "–";
        }),
    },
    {
      id: "performance",
      title: "Performance",
      value: (row) => row.glance?.performance?.value,
      cell: (row) => waiting(row, (glance) => <PerformanceCell glance={glance} />),
    },
    {
      id: "drift",
      title: "Drift",
      value: (row) => row.glance?.drift?.drifted,
      cell: (row) => waiting(row, (glance) => <DriftCell glance={glance} />),
    },
    {
      id: "quality",
      title: "Quality",
      hide: "wide-only",
      value: (row) => row.glance?.quality?.current,
      cell: (row) =>
        waiting(row, ({ quality }) =>
          quality ? (
            <span
              title={`${capital(quality.score)}, the score that is furthest from its target, ${percent(quality.target)}`}
            >
              {percent(quality.current)} <span className="faint roomy-only">{quality.score}</span>
            </span>
          ) : (
            "–"
          ),
        ),
    },
    {
      id: "labels",
      title: "Labelled",
      align: "end",
      hide: "wide-only",
      value: (row) => row.glance?.labels.label_coverage?.value,
      cell: (row) =>
        waiting(row, (glance) => (
          <span title={delay(glance.labels["label_delay_s@p50"]?.value)}>
            {percent(glance.labels.label_coverage?.value)}
          </span>
        )),
    },
    {
      id: "last",
      title: "Last",
      align: "end",
      hide: "phone-hide",
      hint: "When the last prediction came",
      value: (row) => row.line.last_event ?? "",
      cell: (row) => (
        <span title={show(row.line.last_event)}>{relative(row.line.last_event, Date.now())}</span>
      ),
    },
  ];
}

const firing = (row: FleetRow): number =>
  row.alerts.filter((alert) => alert.state === "firing").length;

const delay = (seconds: number | null | undefined): string =>
  typeof seconds === "number" ? `Half of the labels came within ${duration(seconds)}` : "";

function PerformanceCell({ glance }: { glance: Glance }): ReactNode {
  const found = glance.performance;
  if (!found) return <span className="faint">no labels yet</span>;
  const isWorse = found.worse === true && found.certain;
  return (
    <span className="with-spark">
      <Spark
        line={glance.series[1]}
        stepS={glance.step_s}
        window={glance.window}
        reference={found.reference}
      />
      <span
        className="over-interval"
        title={`${capital(metricTitle(found.metric))} of the reference: ${number(found.reference)}`}
      >
        <span className="soft">{capital(metricTitle(found.metric))}</span>{" "}
        <b className={isWorse ? "tone-fail" : undefined}>{number(found.value)}</b>
        <small>{interval(found.low, found.high)}</small>
      </span>
    </span>
  );
}

function DriftCell({ glance }: { glance: Glance }): ReactNode {
  const found = glance.drift;
  if (!found) return <span className="faint">no reference</span>;
  if (!found.drifted) return <Mark reading={{ word: "stable", tone: "pass" }} />;
  return (
    <span title={found.top ? `Most: ${found.top}` : undefined}>
      <Mark reading={{ word: `${found.drifted} of ${found.columns} columns`, tone: "fail" }} />
    </span>
  );
}
