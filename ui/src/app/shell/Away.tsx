import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ApiError } from "../data/api";
import { ask } from "../data/queries";

/** Says that the server is away, over whatever page is open; what was shown stays. */
export function Away(): ReactNode {
  const models = useQuery(ask.models());
  const error = models.failureReason ?? models.error;
  if (!(error instanceof ApiError) || (error.status !== 0 && error.status < 500)) return null;
  return (
    <p className="away" role="alert">
      <b>The server does not answer.</b> What you see is from before; it is asked again every few
      seconds.
    </p>
  );
}
