import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { Sign } from "../../components/icons";
import { ApiError } from "../data/api";
import { ask } from "../data/queries";
import { Skeleton } from "../shell/states";
import { signIn } from "./session";

/** The way in; who has come through it sees the page that they asked for. */
export function SignIn(): ReactNode {
  const ways = useQuery(ask.waysIn());
  const oidc = ways.data?.oidc;
  return (
    <main className="sign-in">
      <div className="brand">
        <Sign />
        <span>Watchkeeper</span>
      </div>
      <h1>Sign in</h1>
      {ways.isPending ? <Skeleton height={180} label="Loading the ways to sign in" /> : null}
      <FromElsewhere />
      {oidc ? (
        <a className="button wide" href={`${oidc.url}?next=${encodeURIComponent(here())}`}>
          {oidc.label}
        </a>
      ) : null}
      {ways.data?.password ? <PasswordForm /> : null}
      {ways.data && !ways.data.password && !oidc ? <KeysOnly /> : null}
      {ways.isError ? (
        <p role="alert" className="tone-fail">
          {ways.error.message} This page asks again.
        </p>
      ) : null}
    </main>
  );
}

/** What is said to whom another place did not let in; why, only the server's log says. */
function FromElsewhere(): ReactNode {
  if (new URLSearchParams(location.search).get("sign_in") !== "failed") return null;
  return (
    <p role="alert" className="tone-fail">
      You were not signed in there, or may not use this server. Try again, or ask whoever runs it:
      its log says why.
    </p>
  );
}

function PasswordForm(): ReactNode {
  const client = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const name = useId();
  const password = useId();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setProblem("");
    try {
      await signIn(client, String(form.get("name")), String(form.get("password")));
    } catch (error) {
      setProblem(error instanceof ApiError ? error.message : String(error));
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} className="fields">
      <label htmlFor={name}>Name</label>
      <input id={name} name="name" autoComplete="username" autoCapitalize="none" required />
      <label htmlFor={password}>Password</label>
      <input
        id={password}
        name="password"
        type="password"
        autoComplete="current-password"
        required
      />
      {problem ? (
        <p role="alert" className="tone-fail">
          {problem}
        </p>
      ) : null}
      <button type="submit" className="button primary" disabled={isBusy}>
        {isBusy ? "Signing in …" : "Sign in"}
      </button>
    </form>
  );
}

function KeysOnly(): ReactNode {
  return (
    <>
      <p>
        This server takes API keys and knows no users yet. Whoever runs it makes the first one on
        its machine:
      </p>
      <pre className="command">
        <code>watchkeeper users add NAME --role admin</code>
      </pre>
    </>
  );
}

const here = (): string => `${location.pathname}${location.search}`;
