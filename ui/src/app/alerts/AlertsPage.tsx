import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import type { AlertShown } from "../../api/schema";
import { type Column, DataTable } from "../../components/DataTable";
import { Link } from "../../components/Link";
import { Mark } from "../../components/Mark";
import { Name } from "../../components/Name";
import { Choices, SearchBox } from "../../components/SearchBox";
import { Section } from "../../components/Section";
import { useChoice } from "../../state/route";
import { ask } from "../data/queries";
import { modelPath } from "../pages/Fleet";
import { Nothing } from "../shell/states";
import { moment, relative, useZone } from "../zone";
import { AlertDetail } from "./AlertDetail";
import { asking } from "./ask";
import { fromElsewhere, groupsOf, isShown, sentenceOf } from "./grouping";
import { AlertTabs, Answer, Page } from "./Page";
import { ownLabels, STATES, severityOf, soon } from "./words";

/** What fires now, or the one alert that the address names. */
export function AlertsPage(): ReactNode {
  const [chosen] = useChoice("fingerprint");
  const names = chosen.split("\n").filter(Boolean);
  const [only] = names;
  if (only !== undefined && names.length === 1) return <AlertDetail fingerprint={only} />;
  return <ActiveAlerts names={names} />;
}

function ActiveAlerts({ names }: { names: string[] }): ReactNode {
  const found = useQuery(asking.alerts());
  const foreign = useQuery(asking.foreign());
  const rules = useQuery(ask.rules());
  return (
    <Page title="Alerts" tabs={<AlertTabs here="/alerts" />} isWide>
      <Answer of={found} what="The list of alerts">
        {({ alerts }) => {
          const all = [...alerts, ...fromElsewhere(foreign.data ?? [], alerts)];
          const wanted = all.filter((alert) =>
            names.length ? names.includes(alert.fingerprint) : alert.state !== "inactive",
          );
          const watching = rules.data?.files.flatMap((file) => file.groups).length;
          return wanted.length ? (
            <Some alerts={wanted} isPart={names.length > 0} />
          ) : (
            <Calm isWatched={watching !== 0} isPart={names.length > 0} />
          );
        }}
      </Answer>
    </Page>
  );
}

function Calm({ isWatched, isPart }: { isWatched: boolean; isPart: boolean }): ReactNode {
  if (isPart) {
    return (
      <Nothing title="These alerts are over and no longer remembered.">
        <p>
          <Link to={{ path: ["/alerts/history"], query: {} }}>Show what fired before</Link>
        </p>
      </Nothing>
    );
  }
  if (isWatched) {
    return (
      <Nothing title="Nothing fires.">
        <p className="soft">
          <Link to={{ path: ["/monitors"], query: {} }}>Show what is watched</Link>, or{" "}
          <Link to={{ path: ["/alerts/history"], query: {} }}>what fired before</Link>.
        </p>
      </Nothing>
    );
  }
  return (
    <Nothing title="Nothing is watched yet.">
      <p>Write the rules that a model begins with, look at them, and put them in force:</p>
      <pre className="command">
        <code>{`watchkeeper init MODEL -o rules.yaml
watchkeeper rules backtest rules.yaml
watchkeeper rules apply rules.yaml`}</code>
      </pre>
    </Nothing>
  );
}

const BY = [
  { value: "", label: "by model" },
  { value: "rule", label: "by rule" },
  { value: "none", label: "in one list" },
];

function Some({ alerts, isPart }: { alerts: AlertShown[]; isPart: boolean }): ReactNode {
  const [by, setBy] = useChoice("by");
  const [search, setSearch] = useChoice("q");
  const [muted, setMuted] = useChoice("silenced");
  const [zone] = useZone();
  const columns = useMemo(() => columnsOf((iso) => moment(iso, zone)), [zone]);
  const shown = alerts.filter((alert) => isShown(alert, search, muted === "hide"));
  const groups = groupsOf(shown, by);
  const silenced = alerts.filter((alert) => alert.silenced_by.length).length;
  return (
    <>
      <section className="summary">
        <h1>{sentenceOf(alerts)}</h1>
        {isPart ? (
          <p className="story">
            <Link to={{ path: ["/alerts"], query: { fingerprint: "" } }}>Show all alerts</Link>
          </p>
        ) : null}
      </section>
      <div className="tools">
        <SearchBox value={search} label="Search alerts" onChange={setSearch} />
        <Choices label="Group" value={by} options={BY} onChange={setBy} />
        {silenced ? (
          <label className="check">
            <input
              type="checkbox"
              checked={muted !== "hide"}
              onChange={(event) => setMuted(event.target.checked ? "" : "hide")}
            />
            {silenced} silenced
          </label>
        ) : null}
      </div>
      {groups.length === 0 ? <p className="empty">No alert has these letters.</p> : null}
      {groups.map((group, place) => (
        <Group
          key={group.name}
          place={place}
          group={group}
          columns={columns}
          isOne={by === "none"}
        />
      ))}
    </>
  );
}

function Group(props: {
  place: number;
  group: { name: string; alerts: AlertShown[]; model: string | null };
  columns: Column<AlertShown>[];
  isOne: boolean;
}): ReactNode {
  const { group, columns, isOne } = props;
  const table = (
    <DataTable
      id="alerts"
      caption={group.name || "Alerts"}
      columns={columns}
      rows={group.alerts}
      rowKey={(row) => `${row.file}/${row.fingerprint}/${row.number}`}
      to={alertRoute}
      limit={100}
    />
  );
  if (isOne) return table;
  const aside = group.model ? (
    <Link to={{ path: [modelPath(group.model)], query: {} }}>Open the model</Link>
  ) : null;
  return (
    <Section id={`group-${props.place}`} title={group.name} aside={aside}>
      {table}
    </Section>
  );
}

export const alertRoute = (alert: Pick<AlertShown, "fingerprint">) => ({
  path: ["/alerts"],
  query: { fingerprint: alert.fingerprint },
});

function columnsOf(show: (iso: string) => string): Column<AlertShown>[] {
  return [
    {
      id: "state",
      title: "State",
      value: (row) => row.state,
      cell: (row) => <Mark reading={STATES[row.state]} />,
    },
    {
      id: "severity",
      title: "Severity",
      value: (row) => severityOf(row.labels) || "–",
      cell: (row) => {
        const severity = severityOf(row.labels);
        return <span title={soon(severity)}>{severity || "–"}</span>;
      },
    },
    {
      id: "alert",
      title: "Alert",
      isWrapped: true,
      value: (row) => row.alert,
      cell: (row) => <AlertCell alert={row} />,
    },
    {
      id: "labels",
      title: "About",
      hide: "wide-only",
      value: (row) => ownLabels(row.labels).join(),
      cell: (row) => <Tags labels={ownLabels(row.labels)} />,
    },
    {
      id: "taken",
      title: "Taken by",
      hide: "phone-hide",
      value: (row) => row.acknowledged?.by ?? "",
      cell: (row) =>
        row.acknowledged ? (
          <Name text={row.acknowledged.by} />
        ) : row.silenced_by.length ? (
          <span className="soft">silenced</span>
        ) : (
          <span className="faint">nobody</span>
        ),
    },
    {
      id: "since",
      title: "Since",
      align: "end",
      hide: "phone-hide",
      value: (row) => row.since,
      cell: (row) => <span title={show(row.since)}>{relative(row.since, Date.now())}</span>,
    },
  ];
}

function AlertCell({ alert }: { alert: AlertShown }): ReactNode {
  return (
    <>
      <Link to={alertRoute(alert)}>
        <Name text={alert.alert} full />
      </Link>
      {/* Where nobody knows the value, the summary has a blank in it; the note says why. */}
      <div className="soft">
        {(alert.state === "error" || alert.state === "no_data") && alert.note
          ? alert.note
          : (alert.annotations.summary ?? alert.note)}
      </div>
      <div className="faint phone-only">{relative(alert.since, Date.now())}</div>
    </>
  );
}

/** Labels as small boxes. */
export function Tags({ labels }: { labels: [string, string][] }): ReactNode {
  return (
    <span className="tags">
      {labels.map(([name, value]) => (
        <span className="tag" key={name} title={`${name}: ${value}`}>
          <bdi>
            {name}: {value}
          </bdi>
        </span>
      ))}
    </span>
  );
}
