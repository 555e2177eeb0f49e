import { type ReactNode, useMemo } from "react";
import type { ColumnMeasure, ColumnQuality, Status } from "../../api/document";
import { type Column, DataTable } from "../../components/DataTable";
import { StatusMark } from "../../components/Mark";
import { Name } from "../../components/Name";
import { Choices } from "../../components/SearchBox";
import { Sub } from "../../components/Section";
import { count, percent } from "../../lib/format";
import { useChoice } from "../../state/route";

interface Row {
  name: string;
  column: ColumnQuality;
}

const RANK: Record<Status, number> = { fail: 0, warn: 1, not_enough_data: 2, pass: 3 };

/** One measure of a column; null where it does not apply. */
function measure(row: Row, name: string): ColumnMeasure | null {
  const found = row.column[name];
  return found && typeof found === "object" ? found : null;
}

const isShown = (value: unknown): value is number => typeof value === "number";

/** 'reference → current' of a share, loud where its check did not hold. */
function SharePair({ found }: { found: ColumnMeasure | null }): ReactNode {
  if (!found) return <span className="faint">–</span>;
  const show = (value: unknown) => (isShown(value) ? percent(value) : "–");
  const isBroken = found.status === "fail" || found.status === "warn";
  const isQuiet = !found.current && !found.reference;
  const title = isShown(found.threshold) ? `allowed: ${percent(found.threshold)}` : undefined;
  return (
    <span
      title={title}
      className={isBroken ? `tone-${found.status}` : isQuiet ? "faint" : undefined}
    >
      {isShown(found.reference) && found.reference !== found.current
        ? `${show(found.reference)} → `
        : ""}
      {show(found.current)}
      {isBroken ? " !" : ""}
    </span>
  );
}

function share(id: string, title: string, hint: string, hide?: Column<Row>["hide"]): Column<Row> {
  return {
    id,
    title,
    hint,
    align: "end",
    ...(hide ? { hide } : {}),
    value: (row) => {
      const current = measure(row, id)?.current;
      return isShown(current) ? current : null;
    },
    cell: (row) => <SharePair found={measure(row, id)} />,
  };
}

const COLUMNS: Column<Row>[] = [
  {
    id: "name",
    title: "Column",
    value: (row) => row.name,
    cell: (row) => <Name text={row.name} />,
  },
  {
    id: "status",
    title: "Status",
    value: (row) => (row.column.status ? RANK[row.column.status] : 4),
    cell: (row) => <StatusMark status={row.column.status} />,
  },
  share("missing", "Missing", "Share of rows without a value"),
  share("out_of_range", "Out of range", "Share of values outside the allowed range", "phone-hide"),
  share("unseen", "Unseen", "Share of values that the reference does not have", "phone-hide"),
  share("pattern", "Off pattern", "Share of values that do not match the pattern", "wide-only"),
  share("length", "Off length", "Share of values of a length that is not allowed", "wide-only"),
  {
    id: "cardinality",
    title: "Distinct",
    align: "end",
    hide: "phone-hide",
    hint: "Number of different values, reference → current",
    value: (row) => {
      const current = measure(row, "cardinality")?.current;
      return isShown(current) ? current : null;
    },
    cell: (row) => {
      const found = measure(row, "cardinality");
      if (!found) return <span className="faint">–</span>;
      return `${isShown(found.reference) ? count(found.reference) : "–"} → ${isShown(found.current) ? count(found.current) : "–"}`;
    },
  },
  {
    id: "notes",
    title: "Also",
    isFixed: true,
    hide: "phone-hide",
    value: () => null,
    cell: (row) => <span className="soft">{alsoOf(row)}</span>,
  },
];

/** What a column has that most have not: one value only, infinities, NaN. */
function alsoOf(row: Row): string {
  const words: string[] = [];
  if (measure(row, "constant")?.current === true) words.push("constant");
  for (const [name, word] of [
    ["infinities", "infinite"],
    ["nans", "NaN"],
  ] as const) {
    const current = measure(row, name)?.current;
    if (isShown(current) && current > 0)
      words.push(`${current < 1 ? percent(current) : count(current)} ${word}`);
  }
  return words.join(", ");
}

/** Quality of every column; those with a broken check first. */
export function ColumnQualityTable({
  columns,
}: {
  columns: Record<string, ColumnQuality>;
}): ReactNode {
  const [shown, show] = useChoice("columns");
  const all = useMemo(
    () =>
      Object.entries(columns)
        .map(([name, column]): Row => ({ name, column }))
        .sort(
          (left, right) =>
            (left.column.status ? RANK[left.column.status] : 4) -
            (right.column.status ? RANK[right.column.status] : 4),
        ),
    [columns],
  );
  const broken = all.filter((row) => row.column.status === "fail" || row.column.status === "warn");
  if (all.length === 0) return null;
  const rows = shown === "all" || broken.length === 0 ? all : broken;
  const used = COLUMNS.filter(
    (column) =>
      column.isFixed ||
      ["name", "status"].includes(column.id) ||
      all.some((row) => measure(row, column.id)),
  );
  return (
    <Sub title="Columns">
      {broken.length > 0 && broken.length < all.length ? (
        <div className="tools">
          <Choices
            label="Columns shown"
            value={shown}
            options={[
              { value: "", label: `with a broken check ${count(broken.length)}` },
              { value: "all", label: `all ${count(all.length)}` },
            ]}
            onChange={show}
          />
        </div>
      ) : null}
      <DataTable
        id="quality"
        caption="Quality of the columns"
        columns={used}
        rows={rows}
        rowKey={(row) => row.name}
      />
    </Sub>
  );
}
