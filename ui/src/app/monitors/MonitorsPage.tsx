import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import type { AlertShown } from "../../api/schema";
import { type Column, DataTable } from "../../components/DataTable";
import { Link } from "../../components/Link";
import { Mark } from "../../components/Mark";
import { Name } from "../../components/Name";
import { SearchBox } from "../../components/SearchBox";
import { useChoice, useRoute } from "../../state/route";
import { Press } from "../Act";
import { asking } from "../alerts/ask";
import { Answer, Page } from "../alerts/Page";
import { severityOf, soon } from "../alerts/words";
import { ask } from "../data/queries";
import { modelPath } from "../pages/Fleet";
import { useMay } from "../session/session";
import { Nothing } from "../shell/states";
import { moment, relative, useZone } from "../zone";
import { MonitorDetail } from "./MonitorDetail";
import { type MonitorState, monitorState, monitorsWords } from "./state";
import { type Held, heldIn } from "./useTried";

/** The monitors, or the one that the address names. */
export function MonitorsPage(): ReactNode {
  const { query } = useRoute();
  const found = useQuery(ask.rules());
  const alerts = useQuery(asking.alerts());
  const held = useMemo(() => heldIn(found.data?.files ?? []), [found.data]);
  const named = held.filter((each) => isNamed(each, query));
  const [only] = named;
  if (query.rule && only && named.length === 1)
    return <MonitorDetail key={keyOf(only)} held={only} />;
  return (
    <Page title="Monitors" tools={<NewButton />} isWide>
      <Answer of={found} what="The list of monitors">
        {() =>
          held.length === 0 ? (
            <Nobody />
          ) : (
            <MonitorList
              held={query.rule ? named : held}
              alerts={alerts.data?.alerts ?? []}
              rule={query.rule ?? ""}
            />
          )
        }
      </Answer>
    </Page>
  );
}

const keyOf = (held: Held): string =>
  [held.file.name, held.group.name, held.rule.alert, held.rule.number].join("\n");

function isNamed(held: Held, query: Record<string, string>): boolean {
  return (
    held.rule.alert === query.rule &&
    (!query.file || held.file.name === query.file) &&
    (!query.group || held.group.name === query.group) &&
    (!query.file || held.rule.number === Number(query.number || 0))
  );
}

/** The address of a monitor. */
export const monitorRoute = ({ file, group, rule }: Held) => ({
  path: ["/monitors"],
  query: {
    rule: rule.alert,
    file: file.name,
    group: group.name,
    number: rule.number ? String(rule.number) : "",
  },
});

function NewButton(): ReactNode {
  const may = useMay("edit");
  if (may) {
    return (
      <Press refusal={may} onPress={() => undefined}>
        New monitor
      </Press>
    );
  }
  return (
    <Link className="button" to={{ path: ["/monitors/new"], query: {} }}>
      New monitor
    </Link>
  );
}

function Nobody(): ReactNode {
  return (
    <Nothing title="Nothing is watched yet.">
      <p>
        <Link to={{ path: ["/monitors/new"], query: {} }}>Make a monitor here</Link>, or write the
        rules that a model begins with, look at them, and put them in force:
      </p>
      <pre className="command">
        <code>{`watchkeeper init MODEL -o rules.yaml
watchkeeper rules backtest rules.yaml
watchkeeper rules apply rules.yaml`}</code>
      </pre>
    </Nothing>
  );
}

interface Row {
  held: Held;
  state: MonitorState;
}

function MonitorList(props: { held: Held[]; alerts: AlertShown[]; rule: string }): ReactNode {
  const { held, alerts, rule } = props;
  const [search, setSearch] = useChoice("q");
  const [zone] = useZone();
  const columns = useMemo(() => columnsOf((iso) => moment(iso, zone)), [zone]);
  const now = Date.now();
  const rows = held
    .map((each): Row => ({ held: each, state: monitorState(each, alerts, now) }))
    .sort((a, b) => a.state.rank - b.state.rank || severe(a).localeCompare(severe(b)));
  const shown = rows.filter(({ held: { rule: one, group, file } }) =>
    `${one.alert} ${one.expr} ${group.model} ${file.name}`
      .toLowerCase()
      .includes(search.trim().toLowerCase()),
  );
  if (rule && rows.length === 0) {
    return (
      <Nothing title={`No monitor is called ${rule}.`}>
        <p>
          It was renamed or taken out of force.{" "}
          <Link to={{ path: ["/monitors"], query: { rule: "" } }}>Show all monitors</Link>
        </p>
      </Nothing>
    );
  }
  return (
    <>
      <section className="summary">
        <h1>
          {rule ? `${rule}: ` : ""}
          {monitorsWords(rows.map((row) => row.state))}
        </h1>
      </section>
      <div className="tools">
        <SearchBox value={search} label="Search monitors" onChange={setSearch} />
      </div>
      <DataTable
        id="monitors"
        caption="Monitors"
        columns={columns}
        rows={shown}
        rowKey={(row) => keyOf(row.held)}
        to={(row) => monitorRoute(row.held)}
        empty="No monitor has these letters."
      />
    </>
  );
}

const severe = (row: Row): string => severity(row) || "P9";
const severity = ({ held }: Row): string =>
  held.rule.severity ?? severityOf({ ...held.group.labels, ...held.rule.labels });

function columnsOf(show: (iso: string | null) => string): Column<Row>[] {
  return [
    {
      id: "state",
      title: "State",
      value: (row) => row.state.rank,
      cell: (row) => (
        <span title={row.state.why}>
          <Mark reading={row.state} />
        </span>
      ),
    },
    {
      id: "severity",
      title: "Severity",
      value: (row) => severity(row) || "–",
      cell: (row) => <span title={soon(severity(row))}>{severity(row) || "–"}</span>,
    },
    {
      id: "monitor",
      title: "Monitor",
      isWrapped: true,
      value: (row) => row.held.rule.alert,
      cell: ({ held, state }) => (
        <>
          <Link to={monitorRoute(held)}>
            <Name text={held.rule.alert} full />
          </Link>
          <div className="soft">
            {state.rank > 1.5 && state.rank < 3.5 && state.why ? (
              state.why
            ) : (
              <code>{held.rule.expr ?? "a budget of false alarms"}</code>
            )}
          </div>
        </>
      ),
    },
    {
      id: "model",
      title: "Model",
      value: (row) => row.held.group.model ?? "",
      cell: ({ held: { group } }) =>
        group.model ? (
          <Link to={{ path: [modelPath(group.model)], query: {} }}>
            <Name text={group.model} />
          </Link>
        ) : (
          <span className="soft">every model</span>
        ),
    },
    {
      id: "kept",
      title: "Kept in",
      hide: "wide-only",
      value: (row) => row.held.file.source ?? "",
      cell: ({ held: { file } }) =>
        file.source ? <Name text={file.source} /> : <span className="soft">here</span>,
    },
    {
      id: "at",
      title: "Evaluated",
      align: "end",
      hide: "phone-hide",
      value: (row) => row.state.at ?? "",
      cell: (row) => <span title={show(row.state.at)}>{relative(row.state.at, Date.now())}</span>,
    },
  ];
}
