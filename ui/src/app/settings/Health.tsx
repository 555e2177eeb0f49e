import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Account, Status } from "../../api/schema";
import { type Column, DataTable } from "../../components/DataTable";
import { Shape } from "../../components/Mark";
import { Section } from "../../components/Section";
import { count } from "../../lib/format";
import { ask } from "../data/queries";
import { Failed, Skeleton } from "../shell/states";
import { duration, relative } from "../zone";
import { bytes } from "./bytes";

/** Whether the server itself does its work. */
export function Health(): ReactNode {
  const found = useQuery(ask.status());
  if (found.isPending) return <Skeleton height={320} label="Loading the server's health" />;
  if (!found.data) return <Failed error={found.error} what="The server's health" />;
  const status = found.data;
  return (
    <>
      <section className="summary">
        <h1>
          {status.problems.length === 0
            ? "The server is well."
            : `The server has ${status.problems.length === 1 ? "a problem" : `${status.problems.length} problems`}.`}
        </h1>
        {status.problems.length ? (
          <ul className="story">
            {status.problems.map((problem) => (
              <li key={problem}>
                <Shape tone="fail" /> {problem}
              </li>
            ))}
          </ul>
        ) : null}
      </section>
      <Figures status={status} />
      <Section
        id="accounting"
        title="Records"
        lead="Since the beginning: what was sent is what was accepted, rejected or known already."
      >
        <DataTable
          id="accounting"
          caption="Records by model and signal"
          columns={COLUMNS}
          rows={status.accounting}
          rowKey={(row) => `${row.model} ${row.signal}`}
          empty="No record has come yet."
        />
      </Section>
    </>
  );
}

function Figures({ status }: { status: Status }): ReactNode {
  const { alarms, disk, journal, server, worker } = status;
  const now = Date.now();
  const figures: [string, string, string][] = [
    ["Version", server.version, `up for ${duration(server.uptime_s)}`],
    [
      "Worker",
      worker.last_step ? relative(worker.last_step, now) : "not yet",
      "when it last made a step",
    ],
    [
      "Waiting records",
      count(journal.entries),
      journal.oldest_age_s ? `the oldest for ${duration(journal.oldest_age_s)}` : "in the journal",
    ],
    ["Hours to measure", count(status.stale_hours ?? 0), "whose profiles are to be made again"],
    [
      "Watch over rules",
      alarms?.last_step ? relative(alarms.last_step, now) : "not yet",
      alarms
        ? `${count(alarms.replicas.length)} ${alarms.replicas.length === 1 ? "process" : "processes"}`
        : "",
    ],
    [
      "Messages given up",
      count(alarms?.messages?.dead ?? 0),
      `${count(alarms?.messages?.waiting ?? 0)} are waiting`,
    ],
    ["Disk free", bytes(disk.free_bytes), `of ${bytes(disk.total_bytes)}`],
  ];
  return (
    <dl className="numbers">
      {figures.map(([name, value, note]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <b>{value}</b> <span className="faint">{note}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

const figure = (id: keyof Account & string, title: string, hint?: string): Column<Account> => ({
  id,
  title,
  align: "end",
  value: (row) => row[id],
  cell: (row) => count(Number(row[id] ?? 0)),
  ...(hint ? { hint } : {}),
});

const COLUMNS: Column<Account>[] = [
  { id: "model", title: "Model", value: (row) => row.model },
  { id: "signal", title: "Signal", value: (row) => row.signal },
  figure("accepted", "Accepted"),
  figure("written", "In tables"),
  figure("duplicates", "Known already", "Sent again with the same key; counted once"),
  figure("rejected", "Rejected"),
  figure("aside", "Put aside", "Taken, and no table could hold it; kept apart"),
];
