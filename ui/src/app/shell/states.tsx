import { useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "../../components/Link";
import { Shape } from "../../components/Mark";
import { ApiError } from "../data/api";

/** A place of the size of what is to come. */
export function Skeleton({ height, label }: { height: number; label?: string }): ReactNode {
  return (
    <div className="skeleton" style={{ height }} role="status" aria-label={label ?? "Loading"} />
  );
}

/** Why there is nothing, and the one next step. */
export function Nothing({ title, children }: { title: string; children?: ReactNode }): ReactNode {
  return (
    <section className="state">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** What went wrong, to what, and what to do. */
export function Failed({ error, what }: { error: unknown; what: string }): ReactNode {
  const client = useQueryClient();
  const said = error instanceof Error ? error.message : String(error);
  const status = error instanceof ApiError ? error.status : null;
  if (status === 403) {
    return (
      <section className="state" role="alert">
        <h2>You may not see {what}</h2>
        <p>{said}</p>
        <p className="soft">An administrator can change your role.</p>
      </section>
    );
  }
  return (
    <section className="state" role="alert">
      <h2>
        <Shape tone="fail" /> {status === 404 ? "There is no such thing" : `${what} is not shown`}
      </h2>
      <p>{said}</p>
      <p>
        <button
          type="button"
          className="button"
          onClick={() => void client.invalidateQueries({ refetchType: "active" })}
        >
          Ask again
        </button>
      </p>
      {error instanceof ApiError && error.reference ? (
        <p className="faint">
          Reference for the server's log: <code>{error.reference}</code>
        </p>
      ) : null}
    </section>
  );
}

/** An address that there is not. */
export function Nowhere(): ReactNode {
  return (
    <main className="page">
      <Nothing title="There is no page at this address">
        <p>
          <Link to={{ path: ["/"], query: {} }}>Show all models</Link>
        </p>
      </Nothing>
    </main>
  );
}

/** A page that could not be drawn: a defect of ours. */
export function Broken({ error }: { error: unknown }): ReactNode {
  return (
    <section className="state" role="alert">
      <h2>
        <Shape tone="fail" /> This page could not be drawn
      </h2>
      <p>{error instanceof Error ? error.message : String(error)}</p>
      <p className="soft">
        The data are whole. <a href={location.href}>Load the page again</a>; if that does not help,
        please report the words above.
      </p>
    </section>
  );
}
