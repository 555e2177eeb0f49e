import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useMemo } from "react";
import type { OneSession, UserShown } from "../../api/schema";
import { type Column, DataTable } from "../../components/DataTable";
import { Section } from "../../components/Section";
import { at, send } from "../data/api";
import { ask } from "../data/queries";
import { Failed, Skeleton } from "../shell/states";
import { moment, relative, useZone } from "../zone";
import { Confirm } from "./Confirm";

const ROLES: { value: UserShown["role"]; label: string }[] = [
  { value: "viewer", label: "viewer: looks" },
  { value: "editor", label: "editor: also changes rules, silences, incidents, dashboards" },
  { value: "admin", label: "admin: does everything" },
];

/** Who may sign in, and who has. */
export function Users(): ReactNode {
  const found = useQuery(ask.users());
  const columns = useMemo(userColumns, []);
  return (
    <>
      <Section id="users" title="Users">
        {found.isPending ? (
          <Skeleton height={120} label="Loading users" />
        ) : found.data ? (
          <DataTable
            id="users"
            caption="Users"
            columns={columns}
            rows={found.data.users}
            rowKey={(row) => row.name}
            empty="There is no user yet; nobody is asked to sign in."
          />
        ) : (
          <Failed error={found.error} what="The list of users" />
        )}
      </Section>
      <NewUserForm isFirst={found.data?.users.length === 0} />
      <Sessions />
    </>
  );
}

function NewUserForm({ isFirst }: { isFirst: boolean }): ReactNode {
  const client = useQueryClient();
  const [name, role, password] = [useId(), useId(), useId()];
  const adding = useMutation({
    mutationFn: (form: FormData) =>
      send<UserShown>("POST", "/v1/users", Object.fromEntries(form.entries())),
    onSuccess: () => client.invalidateQueries(),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    adding.mutate(new FormData(form), { onSuccess: () => form.reset() });
  };
  return (
    <Section id="new-user" title="Add a user">
      <form className="fields head-fields" onSubmit={submit}>
        <label htmlFor={name}>Name</label>
        <input id={name} name="name" required maxLength={200} autoComplete="off" />
        <label htmlFor={role}>Role</label>
        <select
          id={role}
          name="role"
          defaultValue={isFirst ? "admin" : "viewer"}
          key={`${isFirst}`}
        >
          {ROLES.map((each) => (
            <option key={each.value} value={each.value}>
              {each.label}
            </option>
          ))}
        </select>
        <label htmlFor={password}>Password, 15 letters or more</label>
        <input
          id={password}
          name="password"
          type="password"
          minLength={15}
          required
          autoComplete="new-password"
        />
        {isFirst ? (
          <p className="soft">
            With the first user everybody must sign in. The first one has to be an admin.
          </p>
        ) : null}
        {adding.error ? (
          <p role="alert" className="tone-fail">
            {adding.error.message}
          </p>
        ) : null}
        {adding.data ? <p role="status">Added {adding.data.name}.</p> : null}
        <button type="submit" className="button primary" disabled={adding.isPending}>
          Add the user
        </button>
      </form>
    </Section>
  );
}

function userColumns(): Column<UserShown>[] {
  return [
    {
      id: "name",
      title: "User",
      value: (row) => row.name,
      cell: (row) => (
        <span>
          <bdi>{row.display_name || row.name}</bdi>{" "}
          {row.display_name && row.display_name !== row.name ? (
            <code className="faint">{row.name}</code>
          ) : null}
        </span>
      ),
    },
    { id: "role", title: "Role", value: (row) => row.role, cell: (row) => <Role user={row} /> },
    {
      id: "way",
      title: "Signs in",
      value: (row) => row.way,
      cell: (row) => (row.way === "oidc" ? "elsewhere" : "with a password"),
      hide: "phone-hide",
    },
    {
      id: "last",
      title: "Last",
      value: (row) => row.last_sign_in ?? "",
      cell: (row) => relative(row.last_sign_in, Date.now()),
    },
    { id: "do", title: "", value: () => "", cell: (row) => <UserDoes user={row} /> },
  ];
}

function Role({ user }: { user: UserShown }): ReactNode {
  const client = useQueryClient();
  const changing = useMutation({
    mutationFn: (role: string) => send("PATCH", at`/v1/users/${user.name}`, { role }),
    onSettled: () => client.invalidateQueries({ queryKey: ["users"] }),
  });
  return (
    <>
      <select
        aria-label={`Role of ${user.name}`}
        value={user.role}
        disabled={changing.isPending || user.way === "oidc"}
        title={user.way === "oidc" ? "Given where the user signs in." : undefined}
        onChange={(event) => changing.mutate(event.target.value)}
      >
        {ROLES.map((each) => (
          <option key={each.value} value={each.value}>
            {each.value}
          </option>
        ))}
      </select>
      {changing.error ? (
        <span role="alert" className="tone-fail">
          {" "}
          {changing.error.message}
        </span>
      ) : null}
    </>
  );
}

function UserDoes({ user }: { user: UserShown }): ReactNode {
  const client = useQueryClient();
  const changing = useMutation({
    mutationFn: () =>
      send("PATCH", at`/v1/users/${user.name}`, { disabled: user.disabled === null }),
    onSettled: () => client.invalidateQueries({ queryKey: ["users"] }),
  });
  return (
    <>
      <button
        type="button"
        className="text-button"
        disabled={changing.isPending}
        title={changing.error?.message}
        onClick={() => changing.mutate()}
      >
        {user.disabled === null ? "Disable" : "Enable"}
      </button>
      <Confirm
        verb="Remove"
        title={`Remove the user '${user.name}'?`}
        body="They are signed out everywhere and cannot sign in again. What they did stays in the log."
        run={() => send("DELETE", at`/v1/users/${user.name}`)}
      />
      {changing.error ? (
        <span role="alert" className="tone-fail">
          {changing.error.message}
        </span>
      ) : null}
    </>
  );
}

function Sessions(): ReactNode {
  const found = useQuery(ask.sessions({ all: true }));
  const [zone] = useZone();
  const columns = useMemo(() => sessionColumns((iso) => moment(iso, zone)), [zone]);
  return (
    <Section id="sessions" title="Sessions">
      {found.isPending ? (
        <Skeleton height={80} label="Loading sessions" />
      ) : found.data ? (
        <DataTable
          id="sessions"
          caption="Sessions"
          columns={columns}
          rows={found.data.sessions}
          rowKey={(row) => row.id}
          empty="Nobody is signed in."
          limit={20}
        />
      ) : (
        <Failed error={found.error} what="The list of sessions" />
      )}
    </Section>
  );
}

function sessionColumns(show: (iso: string) => string): Column<OneSession>[] {
  return [
    { id: "user", title: "User", value: (row) => row.user, cell: (row) => <bdi>{row.user}</bdi> },
    {
      id: "seen",
      title: "Seen",
      value: (row) => row.last_seen,
      cell: (row) => (row.current ? "this one" : relative(row.last_seen, Date.now())),
    },
    { id: "from", title: "From", value: (row) => row.address },
    { id: "agent", title: "With", value: (row) => row.agent, isWrapped: true, hide: "wide-only" },
    {
      id: "ends",
      title: "Ends",
      value: (row) => row.expires,
      cell: (row) => show(row.expires),
      hide: "phone-hide",
    },
    { id: "do", title: "", value: () => "", cell: (row) => <EndSession session={row} /> },
  ];
}

function EndSession({ session }: { session: OneSession }): ReactNode {
  const client = useQueryClient();
  const ending = useMutation({
    mutationFn: () => send("DELETE", at`/v1/sessions/${session.id}`),
    onSettled: () => client.invalidateQueries(),
  });
  return (
    <button
      type="button"
      className="text-button"
      disabled={ending.isPending}
      title={ending.error?.message}
      onClick={() => ending.mutate()}
      aria-label={`End the session of ${session.user} from ${session.address}`}
    >
      End
    </button>
  );
}
