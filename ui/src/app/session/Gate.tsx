import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ApiError } from "../data/api";
import { ask } from "../data/queries";
import { Failed, Skeleton } from "../shell/states";
import { SignIn } from "./SignIn";

/** The application for whoever may see it, and the way in for whoever has not signed in. */
export function Gate({ children }: { children: ReactNode }): ReactNode {
  const session = useQuery(ask.session());
  const isOut = session.error instanceof ApiError && session.error.status === 401;
  if (isOut) return <SignIn />;
  if (session.data) return children;
  if (session.isPending) {
    return (
      <div className="page">
        <Skeleton height={240} label="Loading Watchkeeper" />
      </div>
    );
  }
  return (
    <main className="page">
      <Failed error={session.error} what="Watchkeeper" />
    </main>
  );
}
