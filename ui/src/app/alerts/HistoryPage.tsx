import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import { type Column, DataTable } from "../../components/DataTable";
import { Link } from "../../components/Link";
import { Name } from "../../components/Name";
import { Choices, SearchBox } from "../../components/SearchBox";
import { counted } from "../../lib/format";
import { useChoice } from "../../state/route";
import { modelPath } from "../pages/Fleet";
import { Nothing } from "../shell/states";
import { duration, moment, relative, useZone } from "../zone";
import { asking } from "./ask";
import { type Episode, episodesOf, type RuleTally, talliesOf } from "./episodes";
import { AlertTabs, Answer, Page } from "./Page";

const MOST = 1000;

/** What fired before: each time, or each rule with how often. */
export function HistoryPage(): ReactNode {
  const found = useQuery(asking.history({ kind: ["state"], limit: MOST }));
  return (
    <Page title="Alerts" tabs={<AlertTabs here="/alerts/history" />} isWide>
      <Answer of={found} what="The history of alerts">
        {({ history }) => {
          const episodes = episodesOf(history);
          if (episodes.length === 0) {
            return (
              <Nothing title="Nothing has fired yet.">
                <p className="soft">
                  <Link to={{ path: ["/monitors"], query: {} }}>Show what is watched</Link>
                </p>
              </Nothing>
            );
          }
          return <Past episodes={episodes} isCut={history.length >= MOST} />;
        }}
      </Answer>
    </Page>
  );
}

const BY = [
  { value: "", label: "each time" },
  { value: "rule", label: "by rule" },
];

function Past({ episodes, isCut }: { episodes: Episode[]; isCut: boolean }): ReactNode {
  const [by, setBy] = useChoice("by");
  const [search, setSearch] = useChoice("q");
  const [zone] = useZone();
  const shown = episodes.filter((each) =>
    `${each.alert} ${each.model} ${each.segment}`.toLowerCase().includes(search.toLowerCase()),
  );
  const tallies = talliesOf(shown, Date.now());
  const first = episodes.at(-1)?.from;
  const [top] = talliesOf(episodes, Date.now());
  const columns = useMemo(() => episodeColumns((iso) => moment(iso, zone)), [zone]);
  const byRule = useMemo(() => ruleColumns((iso) => moment(iso, zone)), [zone]);
  return (
    <>
      <section className="summary">
        <h1>
          Alerts fired {counted(episodes.length, "time")} since {moment(first, zone)}
          {top && top.times > 1 ? `, most often ${top.alert} on ${top.model} (${top.times})` : ""}.
        </h1>
        {isCut ? <p className="story">Only the last {MOST} changes of state are shown.</p> : null}
      </section>
      <div className="tools">
        <SearchBox value={search} label="Search alerts" onChange={setSearch} />
        <Choices label="Rows" value={by} options={BY} onChange={setBy} />
      </div>
      {by === "rule" ? (
        <DataTable
          id="tallies"
          caption="How often each rule fired"
          columns={byRule}
          rows={tallies}
          rowKey={(row) => `${row.model}/${row.alert}`}
          to={(row) => ({ path: ["/monitors"], query: { rule: row.alert } })}
        />
      ) : (
        <DataTable
          id="episodes"
          caption="Each time that an alert fired"
          columns={columns}
          rows={shown}
          rowKey={(row) => `${row.key}${row.from}`}
          to={monitorOf}
        />
      )}
    </>
  );
}

const monitorOf = (row: Episode) => ({
  path: ["/monitors"],
  query: {
    rule: row.alert,
    file: row.file,
    group: row.group,
    ...(row.number ? { number: String(row.number) } : {}),
  },
});

const lengthOf = (row: Episode): number =>
  ((row.until ? Date.parse(row.until) : Date.now()) - Date.parse(row.from)) / 1000;

function episodeColumns(show: (iso: string) => string): Column<Episode>[] {
  return [
    {
      id: "from",
      title: "Fired",
      value: (row) => row.from,
      cell: (row) => show(row.from),
    },
    {
      id: "alert",
      title: "Alert",
      value: (row) => row.alert,
      cell: (row) => (
        <Link to={monitorOf(row)}>
          <Name text={row.alert} />
        </Link>
      ),
    },
    {
      id: "model",
      title: "Model",
      value: (row) => row.model,
      cell: (row) => (
        <Link to={{ path: [modelPath(row.model)], query: {} }}>
          <Name text={row.model} />
        </Link>
      ),
    },
    {
      id: "about",
      title: "About",
      hide: "phone-hide",
      value: (row) => [row.segment, row.version].filter(Boolean).join(", "),
      cell: (row) => [row.segment, row.version].filter(Boolean).join(", ") || "–",
    },
    {
      id: "lasted",
      title: "Lasted",
      align: "end",
      value: lengthOf,
      cell: (row) =>
        row.until ? duration(lengthOf(row)) : <b className="tone-fail">fires still</b>,
    },
  ];
}

function ruleColumns(show: (iso: string) => string): Column<RuleTally>[] {
  return [
    {
      id: "alert",
      title: "Alert",
      value: (row) => row.alert,
      cell: (row) => (
        <Link to={{ path: ["/monitors"], query: { rule: row.alert } }}>
          <Name text={row.alert} />
        </Link>
      ),
    },
    { id: "model", title: "Model", value: (row) => row.model },
    { id: "times", title: "Times", align: "end", value: (row) => row.times },
    {
      id: "seconds",
      title: "Altogether",
      align: "end",
      value: (row) => row.seconds,
      cell: (row) => duration(row.seconds),
    },
    {
      id: "longest",
      title: "Longest",
      align: "end",
      hide: "phone-hide",
      value: (row) => row.longest,
      cell: (row) => duration(row.longest),
    },
    {
      id: "last",
      title: "Last",
      align: "end",
      hide: "phone-hide",
      value: (row) => row.last,
      cell: (row) => <span title={show(row.last)}>{relative(row.last, Date.now())}</span>,
    },
  ];
}
