import type { ReactNode } from "react";
import type { Performance } from "../../api/document";
import { Name } from "../../components/Name";
import { count, percent } from "../../lib/format";
import type { SideNames } from "../../lib/sides";

type Confusion = NonNullable<Performance["confusion"]>;

/** Both matrices side by side. */
export function ConfusionMatrices({
  confusion,
  sides,
}: {
  confusion: Confusion;
  sides: SideNames;
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
}): ReactNode {
  const { labels, cells, side } = props;
  return (
    <div className="table-holder">
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
                    {count(cell)}
                    <small>{total ? percent(cell / total) : "–"}</small>
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
