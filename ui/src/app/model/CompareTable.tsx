import type { ReactNode } from "react";
import { type Column, DataTable } from "../../components/DataTable";
import { interval, MINUS, number, pValue, signed } from "../../lib/format";
import { readChange } from "../../lib/words";
import { valueText } from "../units";
import { duration } from "../zone";
import { type ComparedRow, comparedTitle } from "./compare";

const show = (row: ComparedRow, value: number | null): string =>
  row.unit === "s" || row.unit === "share" ? valueText(value, row.unit) : number(value);

/** A difference in the unit of its metric; of shares in points. */
function signedIn(row: ComparedRow, value: number): string {
  if (row.unit === "share") return signed(value * 100);
  if (row.unit === "s") return `${value < 0 ? MINUS : "+"}${duration(Math.abs(value))}`;
  return signed(value);
}

/** A difference with its direction, and whether that is for the worse. */
function Difference({ row }: { row: ComparedRow }): ReactNode {
  const { value, low, high } = row.change;
  if (value === null) return <span className="faint">{row.note || "–"}</span>;
  const reading = readChange(value, row.direction);
  const word = row.isDifferent ? (reading ?? "different") : "within chance";
  const tone =
    row.isDifferent && reading === "worse"
      ? "tone-fail"
      : row.isDifferent && reading === "better"
        ? "tone-pass"
        : "faint";
  const shown = (each: number | null | undefined) =>
    typeof each === "number" ? signedIn(row, each) : "–";
  return (
    <>
      <span aria-hidden="true">{value > 0 ? "↑ " : value < 0 ? "↓ " : ""}</span>
      {shown(value)}
      {row.unit === "share" ? " points" : ""} <span className={tone}>{word}</span>{" "}
      <span className="faint phone-hide">{interval(low, high, shown)}</span>
    </>
  );
}

/** Every metric of both versions; those that differ first. */
export function CompareTable(props: {
  id: string;
  rows: ComparedRow[];
  a: string;
  b: string;
}): ReactNode {
  const { id, rows, a, b } = props;
  const columns: Column<ComparedRow>[] = [
    {
      id: "metric",
      title: "Metric",
      value: (row) => row.name,
      cell: (row) => (
        <>
          {comparedTitle(row.name)}{" "}
          <span className="faint">{row.unit === "share" || row.unit === "s" ? "" : row.unit}</span>
        </>
      ),
    },
    {
      id: "a",
      title: `Version ${a}`,
      align: "end",
      hide: "phone-hide",
      value: (row) => row.a,
      cell: (row) => show(row, row.a),
    },
    {
      id: "b",
      title: `Version ${b}`,
      align: "end",
      value: (row) => row.b,
      cell: (row) => <b>{show(row, row.b)}</b>,
    },
    {
      id: "change",
      title: "Difference",
      value: (row) => row.change.value,
      cell: (row) => <Difference row={row} />,
    },
    {
      id: "p",
      title: "p adjusted",
      align: "end",
      hide: "phone-hide",
      hint: "Chance of a difference this large if there were none, corrected for the number of metrics",
      value: (row) => row.p,
      cell: (row) => pValue(row.p),
    },
  ];
  return (
    <DataTable
      id={id}
      caption={`Version ${a} and version ${b}`}
      columns={columns}
      rows={rows}
      rowKey={(row) => row.name}
      isFitted
      limit={18}
    />
  );
}
