import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import type { Distribution } from "../../api/document";
import type { Distributions } from "../../api/schema";
import { FeatureDistribution } from "../../pages/comparison/FeatureDistribution";
import { Failed, Skeleton } from "../shell/states";
import { edge, useZone } from "../zone";
import { type Looked, useLooked } from "./at";
import { Busy } from "./Busy";
import { DistributionOverTime, statisticsAt } from "./DistributionOverTime";
import { LookedAt } from "./Looked";
import type { Shown } from "./ModelPage";
import { askModel } from "./queries";

/** A column in each step, and the time that is looked at laid over the reference. */
export function ColumnOverTime({ shown, column }: { shown: Shown; column: string }): ReactNode {
  const [looked] = useLooked();
  return (
    <>
      {looked ? <Then key={column} shown={shown} column={column} looked={looked} /> : null}
      <DistributionOverTime key={`${column} over time`} shown={shown} column={column} />
    </>
  );
}

function Then(props: { shown: Shown; column: string; looked: Looked }): ReactNode {
  const { shown, column, looked } = props;
  const { model, version, segment } = shown;
  const [zone] = useZone();
  const window = `${looked.from}..${looked.to}`;
  const found = useQuery(
    askModel.distributions(model.name, { column, window, version, segment, step: "window" }),
  );
  const distribution = useMemo(() => (found.data ? pairOf(found.data) : null), [found.data]);
  const sides = {
    reference: "reference",
    current: `${edge(looked.from, zone)} to ${edge(looked.to, zone)}`,
  };
  return (
    <>
      <LookedAt values={found.data ? statisticsAt(found.data) : []} segment={segment} />
      {found.isPending ? (
        <Skeleton height={330} label="Loading that time" />
      ) : !found.data ? (
        <Failed error={found.error} what="The distribution of that time" />
      ) : distribution ? (
        <Busy when={found.isPlaceholderData}>
          <FeatureDistribution
            column={
              { kind: distribution.kind } as Parameters<typeof FeatureDistribution>[0]["column"]
            }
            distribution={distribution}
            name={column}
            sides={sides}
          />
        </Busy>
      ) : (
        <p className="empty">There are no rows at that time, or the reference has none.</p>
      )}
    </>
  );
}

/** Reference and the one step as a pair of distributions; null where one of them is missing. */
export function pairOf(found: Distributions): Distribution | null {
  const { reference, edges, categories } = found;
  const [point] = found.points;
  if (!reference || !point) return null;
  const shares = { reference: reference.shares, current: point.shares };
  const missing: [number, number] = [reference.missing, point.missing];
  if (categories) {
    return { kind: "categorical", categories, ...shares, missing, new: [reference.new, point.new] };
  }
  if (!edges) return null;
  return {
    kind: found.kind === "datetime" || found.kind === "text" ? found.kind : "numeric",
    edges,
    ...shares,
    missing,
    below: [reference.below, point.below],
    above: [reference.above, point.above],
  };
}
