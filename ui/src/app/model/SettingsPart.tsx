import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { ModelColumn, ReferenceDetail, Version } from "../../api/schema";
import { type Column, DataTable } from "../../components/DataTable";
import { Name } from "../../components/Name";
import { Empty, Section } from "../../components/Section";
import { count } from "../../lib/format";
import { plainWord } from "../../lib/words";
import { ask } from "../data/queries";
import { Failed, Skeleton } from "../shell/states";
import { moment, useZone } from "../zone";
import type { Shown } from "./ModelPage";
import { askModel } from "./queries";

/** What the model is: its file, what it is compared with, its versions and columns. */
export function SettingsPart(shown: Shown): ReactNode {
  const { model } = shown;
  return (
    <>
      <ModelFile model={model.name} />
      <Reference shown={shown} />
      <Section id="versions" title="Versions">
        <Versions versions={model.versions} />
      </Section>
      <Section id="columns" title="Columns" lead={`${count(model.columns.length)} columns.`}>
        <DataTable
          id="columns"
          caption="Columns of the model"
          columns={COLUMNS}
          rows={model.columns}
          rowKey={(row) => row.name}
          isFitted
          to={(row) =>
            row.role === "id" || row.role === "timestamp"
              ? null
              : { path: ["feature", row.name], query: {} }
          }
          empty="No prediction has come yet, so no column is known."
        />
      </Section>
    </>
  );
}

/** The model file as it is in force; it is changed where it is kept, and applied. */
function ModelFile({ model }: { model: string }): ReactNode {
  const found = useQuery(askModel.file(model));
  const text = typeof found.data === "string" ? found.data : "";
  return (
    <Section
      id="file"
      title="Model file"
      lead="As it is in force, for reading. Change it where you keep it, and apply it."
      aside={text ? <Copy text={text} what="model file" /> : null}
    >
      {found.isPending ? (
        <Skeleton height={240} label="Loading the model file" />
      ) : !found.data ? (
        <Failed error={found.error} what="The model file" />
      ) : (
        <>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard. */}
          <pre className="file" tabIndex={0}>
            <code>{text}</code>
          </pre>
          <Command text={`watchkeeper apply -f model.yaml --url ${location.origin}`} />
        </>
      )}
    </Section>
  );
}

function Command({ text }: { text: string }): ReactNode {
  return (
    <p className="command">
      <code>{text}</code> <Copy text={text} what="command" />
    </p>
  );
}

function Copy({ text, what }: { text: string; what: string }): ReactNode {
  const [isDone, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard?.writeText(text);
    setDone(true);
    setTimeout(() => setDone(false), 2_000);
  };
  return (
    <button type="button" className="text-button" onClick={() => void copy()} aria-live="polite">
      {isDone ? "Copied" : `Copy the ${what}`}
    </button>
  );
}

function Reference({ shown }: { shown: Shown }): ReactNode {
  const { model, window } = shown;
  const [zone] = useZone();
  // The page of the model says it in full; its range does not matter here.
  const page = useQuery(ask.overview(model.name, { window }));
  const found = page.data?.reference as ReferenceDetail | null | undefined;
  if (!model.reference) {
    return (
      <Section id="reference" title="Reference">
        <Empty>
          It is compared with nothing yet. Name a reference in the model file, such as the training
          data, and apply it: <code>watchkeeper apply -f model.yaml</code>
        </Empty>
      </Section>
    );
  }
  const kinds: Record<string, string> = {
    data: "a data set",
    profile: "a profile",
    window: "a part of production",
    rolling: "the time before each window",
    seasonal: "the same weekdays before each window",
  };
  return (
    <Section id="reference" title="Reference">
      <p className="facts">
        <span>{kinds[model.reference.kind] ?? model.reference.kind}</span>
        {found?.rows ? (
          <span>
            <b>{count(found.rows)}</b> rows
          </span>
        ) : null}
        {typeof found?.origin?.name === "string" ? (
          <span>
            <Name text={found.origin.name} />
          </span>
        ) : null}
        <span>set {moment(model.reference.set_at, zone)}</span>
      </p>
    </Section>
  );
}

function Versions({ versions }: { versions: Version[] }): ReactNode {
  const [zone] = useZone();
  const columns: Column<Version>[] = [
    {
      id: "version",
      title: "Version",
      value: (row) => row.version,
      cell: (row) => <Name text={row.version} />,
    },
    {
      id: "rows",
      title: "Predictions",
      align: "end",
      value: (row) => row.rows,
      cell: (row) => count(row.rows ?? 0),
    },
    {
      id: "first",
      title: "First",
      value: (row) => row.first_seen,
      cell: (row) => moment(row.first_seen, zone),
    },
    {
      id: "last",
      title: "Last",
      value: (row) => row.last_seen,
      cell: (row) => moment(row.last_seen, zone),
    },
  ];
  return (
    <DataTable
      id="versions"
      caption="Versions"
      columns={columns}
      rows={versions}
      rowKey={(row) => row.version}
      isFitted
      to={(row) => ({ path: ["."], query: { version: row.version } })}
      empty="No prediction has named a version yet."
    />
  );
}

const COLUMNS: Column<ModelColumn>[] = [
  {
    id: "name",
    title: "Column",
    value: (row) => row.name,
    cell: (row) => <Name text={row.name} />,
  },
  { id: "role", title: "Role", value: (row) => row.role, cell: (row) => plainWord(row.role) },
  { id: "kind", title: "Kind", value: (row) => row.kind },
];
