import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { StoredPart, StoredTable } from "../../api/schema";
import { type Column, DataTable } from "../../components/DataTable";
import { Section } from "../../components/Section";
import { counted } from "../../lib/format";
import { ask } from "../data/queries";
import { Failed, Skeleton } from "../shell/states";
import { bytes } from "./bytes";

/** What is kept, how much room it takes, and until when. */
export function StorageUse(): ReactNode {
  const found = useQuery({ ...ask.storage(), refetchInterval: 60_000 });
  const status = useQuery(ask.status());
  if (found.isPending) return <Skeleton height={320} label="Loading storage" />;
  if (!found.data) return <Failed error={found.error} what="The use of storage" />;
  const { parts, tables } = found.data;
  const total = parts.reduce((sum, part) => sum + part.bytes, 0);
  return (
    <>
      <section className="summary">
        <h1>
          Watchkeeper keeps {bytes(total)}
          {status.data ? `; ${bytes(status.data.disk.free_bytes)} of the disk are free` : ""}.
        </h1>
      </section>
      <Section id="tables" title="What was sent">
        <DataTable
          id="tables"
          caption="Tables by model and signal"
          columns={TABLES}
          rows={tables}
          rowKey={(row) => `${row.model} ${row.signal}`}
          empty="No record has come yet."
        />
        <p className="soft prose below">
          How long it is kept is said by the model's file, under <code>retention:</code>, and
          applied with <code>watchkeeper apply -f model.yaml</code>. Whole days are dropped;
          profiles of them stay.
        </p>
      </Section>
      <Section id="parts" title="Parts of the folder">
        <DataTable
          id="parts"
          caption="Parts of the folder"
          columns={PARTS}
          rows={parts}
          rowKey={(row) => row.name}
        />
        <p className="soft prose below">
          A copy of all of it, while the server runs: <code>watchkeeper backup DATA TARGET</code>.
        </p>
      </Section>
    </>
  );
}

const ROOM: Column<{ bytes: number }> = {
  id: "bytes",
  title: "Room",
  align: "end",
  value: (row) => row.bytes,
  cell: (row) => bytes(row.bytes),
};

const TABLES: Column<StoredTable>[] = [
  { id: "model", title: "Model", value: (row) => row.model },
  { id: "signal", title: "Signal", value: (row) => row.signal },
  ROOM,
  { id: "first", title: "From", align: "end", value: (row) => row.first_day ?? "" },
  { id: "last", title: "To", align: "end", value: (row) => row.last_day ?? "" },
  {
    id: "days",
    title: "Kept",
    align: "end",
    value: (row) => row.days ?? Number.POSITIVE_INFINITY,
    cell: (row) => (row.days === null ? "for ever" : counted(row.days, "day")),
  },
];

const PARTS: Column<StoredPart>[] = [
  { id: "name", title: "Part", value: (row) => row.name },
  { id: "holds", title: "Holds", value: (row) => row.holds, isWrapped: true },
  ROOM,
];
