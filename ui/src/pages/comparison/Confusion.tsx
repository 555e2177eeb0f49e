import type { ReactNode } from "react";
import type { Performance } from "../../api/document";
import { Link } from "../../components/Link";
import { Name } from "../../components/Name";
import { TableHolder } from "../../components/TableHolder";
import { count, percent } from "../../lib/format";
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
          <Matrix
            key={side}
            side={side}
            title={sides[side]}
            labels={confusion.labels}
            cells={cells}
            cellTo={side === "current" ? cellTo : undefined}
          />
        ) : null;
      })}
    </div>
  );
}

function Matrix(props: {
  side: "reference" | "current";
  title: string;
  labels: string[];
  cells: number[][];
  cellTo: CellTo | undefined;
}): ReactNode {
  const { labels, cells, side } = props;
  return (
    <TableHolder label={props.title}>
      <table className="confusion">
        <caption className="soft">
          <i
            className={side === "current" ? "swatch current" : "swatch"}
            style={{ display: "inline-block", marginRight: 6, verticalAlign: "middle" }}
          />
          {props.title}
        </caption>
        <thead>
          <tr>
            <th scope="col" className="faint">
              truth ↓ predicted →
            </th>
            {labels.map((label) => (
              <th key={label} scope="col">
                <Name text={label} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {cells.map((row, truth) => {
            const total = row.reduce((sum, cell) => sum + cell, 0);
            return (
              <tr key={labels[truth]}>
                <th scope="row">
                  <Name text={labels[truth] ?? ""} />
                </th>
                {row.map((cell, predicted) => (
                  <td
                    key={labels[predicted]}
                    className={`side-${side}`}
                    style={{ "--share": total ? cell / total : 0 } as React.CSSProperties}
                  >
                    <Cell
                      amount={cell}
                      to={props.cellTo?.(labels[truth] ?? "", labels[predicted] ?? "") ?? null}
                    />
                    <small>{total ? percent(cell / total) : "–"}</small>
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </TableHolder>
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
