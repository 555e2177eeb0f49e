import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useMemo } from "react";
import type { CreatedKey, Key } from "../../api/schema";
import { type Column, DataTable } from "../../components/DataTable";
import { Section } from "../../components/Section";
import { at, send } from "../data/api";
import { ask } from "../data/queries";
import { Failed, Skeleton } from "../shell/states";
import { moment, relative, useZone } from "../zone";
import { Confirm } from "./Confirm";

const SCOPES = [
  { value: "ingest", label: "send records" },
  { value: "read", label: "read" },
  { value: "edit", label: "change rules, silences, incidents" },
  { value: "admin", label: "everything" },
] as const;

/** Keys that programs prove themselves with. */
export function ApiKeys(): ReactNode {
  const found = useQuery(ask.keys());
  const [zone] = useZone();
  const columns = useMemo(() => columnsOf((iso) => moment(iso, zone)), [zone]);
  return (
    <>
      <Section id="keys" title="Keys">
        {found.isPending ? (
          <Skeleton height={120} label="Loading keys" />
        ) : found.data ? (
          <DataTable
            id="keys"
            caption="API keys"
            columns={columns}
            rows={found.data.keys}
            rowKey={(row) => row.id}
            empty="There is no key."
          />
        ) : (
          <Failed error={found.error} what="The list of keys" />
        )}
      </Section>
      <NewKeyForm isFirst={found.data?.keys.length === 0} />
    </>
  );
}

function NewKeyForm({ isFirst }: { isFirst: boolean }): ReactNode {
  const client = useQueryClient();
  const name = useId();
  const making = useMutation({
    mutationFn: (form: FormData) =>
      send<CreatedKey>("POST", "/v1/keys", {
        name: String(form.get("name")).trim(),
        scopes: form.getAll("scope"),
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["keys"] }),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    making.mutate(new FormData(event.currentTarget));
  };
  return (
    <Section id="new-key" title="Make a key">
      <form className="fields head-fields" onSubmit={submit}>
        <label htmlFor={name}>Who will use it</label>
        <input id={name} name="name" required maxLength={200} placeholder="checkout service" />
        <fieldset className="scopes">
          <legend className="soft">It may</legend>
          {SCOPES.map((scope) => (
            <label key={scope.value}>
              <input
                type="checkbox"
                name="scope"
                value={scope.value}
                defaultChecked={scope.value === "ingest"}
              />{" "}
              {scope.label} <code>{scope.value}</code>
            </label>
          ))}
        </fieldset>
        {isFirst ? (
          <p className="soft">
            With the first key everybody must prove who they are, this page too: make a user first,
            or one key that may do everything.
          </p>
        ) : null}
        <button type="submit" className="button primary" disabled={making.isPending}>
          Make the key
        </button>
        {making.error ? (
          <p role="alert" className="tone-fail">
            {making.error.message}
          </p>
        ) : null}
      </form>
      {making.data ? <Secret made={making.data} /> : null}
    </Section>
  );
}

function Secret({ made }: { made: CreatedKey }): ReactNode {
  return (
    <div className="below" role="status">
      <p>
        The key <b>{made.key.name}</b> is made. Its secret is shown once, here:
      </p>
      <pre className="command">
        <code>{made.secret}</code>
      </pre>
      <button
        type="button"
        className="button"
        onClick={() => void navigator.clipboard?.writeText(made.secret)}
      >
        Copy the secret
      </button>
    </div>
  );
}

function columnsOf(show: (iso: string) => string): Column<Key>[] {
  const when = (iso: string | null | undefined) => (iso ? show(iso) : "");
  return [
    { id: "name", title: "Key", value: (row) => row.name, cell: (row) => <bdi>{row.name}</bdi> },
    { id: "scopes", title: "May", value: (row) => row.scopes.join(", ") },
    {
      id: "used",
      title: "Last used",
      value: (row) => row.last_used ?? "",
      cell: (row) =>
        row.last_used ? (
          <span title={show(row.last_used)}>{relative(row.last_used, Date.now())}</span>
        ) : (
          <span className="faint">never</span>
        ),
    },
    {
      id: "created",
      title: "Made",
      value: (row) => row.created ?? "",
      cell: (row) => when(row.created),
      hide: "phone-hide",
    },
    {
      id: "ends",
      title: "Ends",
      value: (row) => row.expires ?? "",
      cell: (row) => when(row.expires) || "never",
      hide: "phone-hide",
    },
    {
      id: "do",
      title: "",
      value: (row) => row.revoked ?? "",
      cell: (row) =>
        row.revoked ? (
          <span className="faint">revoked {show(row.revoked)}</span>
        ) : (
          <Revoke apiKey={row} />
        ),
    },
  ];
}

function Revoke({ apiKey }: { apiKey: Key }): ReactNode {
  return (
    <Confirm
      verb="Revoke"
      title={`Revoke the key '${apiKey.name}'?`}
      body="Whoever uses it is refused at once. A key cannot be brought back; make another one then."
      run={() => send("DELETE", at`/v1/keys/${apiKey.id}`)}
    />
  );
}
