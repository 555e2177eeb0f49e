import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { ComparisonDocument } from "../../api/document";
import { ask } from "../data/queries";
import { Failed, Nothing, Skeleton } from "../shell/states";
import { Busy } from "./Busy";
import type { Shown } from "./ModelPage";

/** The report document of the window that is shown. */
export function useReport(shown: Shown) {
  const { model, window, version, segment } = shown;
  return useQuery(ask.overview(model.name, { window, version, segment }));
}

/** A part that is drawn from the report document, or why it cannot be. */
export function OfReport(props: {
  shown: Shown;
  what: string;
  children: (document: ComparisonDocument) => ReactNode;
}): ReactNode {
  const { shown, what, children } = props;
  const found = useReport(shown);
  if (found.isPending) return <Skeleton height={360} label={`Loading ${what}`} />;
  if (!found.data) return <Failed error={found.error} what={what} />;
  const document = found.data.report as unknown as ComparisonDocument | null;
  if (document) return <Busy when={found.isPlaceholderData}>{children(document)}</Busy>;
  if (!found.data.rows) {
    return (
      <Nothing title="No predictions in this range">
        <p>Choose another range, version or segment above.</p>
      </Nothing>
    );
  }
  return (
    <Nothing title="There is nothing to compare with yet">
      <p>
        Name a reference in the model file, such as the training data, and apply it:{" "}
        <code>watchkeeper apply -f model.yaml</code>
      </p>
    </Nothing>
  );
}

/** What the two sides are called on the pages of a model: the range stands above them all. */
export const SIDES = { reference: "reference", current: "this range" };
