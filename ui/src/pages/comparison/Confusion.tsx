import type { ReactNode } from "react";
import type { Performance } from "../../api/document";
import { ConfusionTable } from "../../components/ConfusionTable";
import { Link } from "../../components/Link";
import { count } from "../../lib/format";
import type { Route } from "../../lib/route";
import type { SideNames } from "../../lib/sides";

type Confusion = NonNullable<Performance["confusion"]>;

/** Where the rows of a cell of the current matrix are, by the labels of truth and prediction. */
export type CellTo = (truth: string, predicted: string) => Route | null;

/** Both matrices side by side. */
export function ConfusionMatrices({
  confusion,
  sides,
  cellTo,
}: {
  confusion: Confusion;
  sides: SideNames;
  cellTo?: CellTo | undefined;
}): ReactNode {
  return (
    <div className="row">
      {(["reference", "current"] as const).map((side) => {
        const cells = confusion[side];
        return cells ? (
          <ConfusionTable
            key={side}
            side={side}
            title={sides[side]}
            caption={<Caption side={side} title={sides[side]} />}
            across="predicted"
            labels={confusion.labels}
            cells={cells}
            show={(amount, truth, predicted) => (
              <Cell
                amount={amount}
                to={side === "current" ? (cellTo?.(truth, predicted) ?? null) : null}
              />
            )}
          />
        ) : null;
      })}
    </div>
  );
}

function Caption({ side, title }: { side: "reference" | "current"; title: string }): ReactNode {
  return (
    <caption className="soft">
      <i
        className={side === "current" ? "swatch current" : "swatch"}
        style={{ display: "inline-block", marginRight: 6, verticalAlign: "middle" }}
      />
      {title}
    </caption>
  );
}

function Cell({ amount, to }: { amount: number; to: Route | null }): ReactNode {
  if (!to || amount === 0) return count(amount);
  return (
    <Link to={to} label={`Show the ${count(amount)} rows`}>
      {count(amount)}
    </Link>
  );
}
