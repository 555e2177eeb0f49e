import type { ReactNode } from "react";
import type { DecidedShare } from "../../api/schema";
import { ConfusionTable } from "../../components/ConfusionTable";
import { TableHolder } from "../../components/TableHolder";
import { interval, number, percent, signed } from "../../lib/format";
import type { Outcome } from "./decisions";

interface Props {
  classes: string[];
  chosen: number;
  now: Outcome;
  own: Outcome;
  ownAt: number;
  reference: Outcome | null;
}

interface Row {
  name: string;
  of: (outcome: Outcome) => ReactNode;
  value: (outcome: Outcome) => number | null;
  show: (value: number | null) => string;
  hint?: string;
}

const shareOf = (share: DecidedShare | null): ReactNode => (
  <>
    <b>{percent(share?.value)}</b>{" "}
    <span className="faint">{interval(share?.low, share?.high, percent)}</span>
  </>
);

const ROWS: Row[] = [
  {
    name: "Precision",
    of: (each) => shareOf(each.precision),
    value: (each) => each.precision?.value ?? null,
    show: percent,
    hint: "Share of those decided positive that are",
  },
  {
    name: "Recall",
    of: (each) => shareOf(each.recall),
    value: (each) => each.recall?.value ?? null,
    show: percent,
    hint: "Share of the positive that are found",
  },
  { name: "F1", of: (each) => percent(each.f1), value: (each) => each.f1, show: percent },
  {
    name: "Accuracy",
    of: (each) => percent(each.accuracy),
    value: (each) => each.accuracy,
    show: percent,
  },
  {
    name: "Decided positive",
    of: (each) => percent(each.flagged),
    value: (each) => each.flagged,
    show: percent,
    hint: "Of all rows with a score, labelled or not",
  },
  {
    name: "Cost of 1,000 rows",
    of: (each) => number(each.cost),
    value: (each) => each.cost,
    show: number,
  },
];

/** The confusion matrix and the measures at the chosen threshold, beside the model's own. */
export function ThresholdOutcomes(props: Props): ReactNode {
  const { now, own, ownAt, chosen, reference } = props;
  const [negative = "0", positive = "1"] = props.classes;
  const isOwn = Math.abs(chosen - ownAt) < 1e-9;
  return (
    <div className="outcomes" aria-live="polite">
      <ConfusionTable
        title="Confusion matrix"
        caption={
          <caption className="hidden-visually">Confusion matrix at the chosen threshold</caption>
        }
        side="current"
        across="decided"
        labels={[negative, positive]}
        cells={[
          [now.tn, now.fp],
          [now.fn, now.tp],
        ]}
      />
      <TableHolder label="Measures">
        <table className="plain-table fitted">
          <caption className="hidden-visually">Measures at the chosen threshold</caption>
          <thead>
            <tr>
              <th scope="col">Measure</th>
              <th scope="col" className="end">
                At {number(chosen)}
              </th>
              <th scope="col" className="end">
                At the model's {number(ownAt)}
              </th>
              <th scope="col" className="end">
                Difference
              </th>
              {reference ? (
                <th scope="col" className="end phone-hide">
                  Reference at {number(chosen)}
                </th>
              ) : null}
            </tr>
          </thead>
          <tbody>
            {ROWS.map((row) => (
              <tr key={row.name} title={row.hint}>
                <td>{row.name}</td>
                <td className="end">{row.of(now)}</td>
                <td className="end soft">{row.show(row.value(own))}</td>
                <td className="end">{isOwn ? "–" : difference(row, now, own)}</td>
                {reference ? (
                  <td className="end soft phone-hide">{row.show(row.value(reference))}</td>
                ) : null}
              </tr>
            ))}
          </tbody>
        </table>
      </TableHolder>
    </div>
  );
}

function difference(row: Row, now: Outcome, own: Outcome): string {
  const [after, before] = [row.value(now), row.value(own)];
  if (after === null || before === null) return "–";
  return row.show === percent ? `${signed((after - before) * 100)} points` : signed(after - before);
}
