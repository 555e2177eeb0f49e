import type { CSSProperties, ReactNode } from "react";
import { count, percent } from "../lib/format";
import { Name } from "./Name";
import { TableHolder } from "./TableHolder";

interface Props {
  /** What the table is called where it scrolls sideways. */
  title: string;
  caption: ReactNode;
  side: "reference" | "current";
  /** What the columns are: 'predicted', 'decided'. */
  across: string;
  labels: string[];
  /** Rows by the true label, of cells by the other. */
  cells: number[][];
  /** How an amount is shown, where it is more than text. */
  show?: (amount: number, truth: string, across: string) => ReactNode;
}

/** How often which class was taken for which, with shares of the true class. */
export function ConfusionTable(props: Props): ReactNode {
  const { labels, cells, side, show = count } = props;
  return (
    <TableHolder label={props.title}>
      <table className="confusion">
        {props.caption}
        <thead>
          <tr>
            <th scope="col" className="faint">
              truth ↓ {props.across} →
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
            const name = labels[truth] ?? "";
            return (
              <tr key={name}>
                <th scope="row">
                  <Name text={name} />
                </th>
                {row.map((cell, place) => (
                  <td
                    key={labels[place]}
                    className={`side-${side}`}
                    style={{ "--share": total ? cell / total : 0 } as CSSProperties}
                  >
                    {show(cell, name, labels[place] ?? "")}
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
