import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import type { Route } from "../lib/route";
import { type Order, type SortValue, sortRows } from "../lib/sort";
import { navigate, useChoice } from "../state/route";
import { scrolled } from "./TableHolder";
import { useFits } from "./useFits";
import { useVisibleRows } from "./useVisibleRows";

export interface Column<T> {
  id: string;
  title: string;
  /** What the cell sorts by, and shows when there is no `cell`. */
  value: (row: T) => SortValue;
  cell?: (row: T) => ReactNode;
  align?: "end";
  /** Left out where the window is narrow. */
  hide?: "phone-hide" | "wide-only";
  hint?: string;
  isWrapped?: boolean;
  isFixed?: boolean;
}

interface Props<T> {
  id: string;
  caption: string;
  columns: Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  /** Where a row leads; the first cell holds the link for the keyboard. */
  to?: (row: T) => Route | null;
  empty?: string;
  /** As wide as its content, where stretching would part what belongs together. */
  isFitted?: boolean;
  /** Rows shown at first; the rest is one press away. */
  limit?: number;
}

/** 'ks.desc' as it stands in the URL. */
export function parseSort(text: string): { by: string; order: Order } | null {
  const cut = text.lastIndexOf(".");
  if (cut < 1) return null;
  return { by: text.slice(0, cut), order: text.slice(cut + 1) === "asc" ? "asc" : "desc" };
}

/** A table that sorts, keeps its order in the URL, and draws only the rows in view when long. */
export function DataTable<T>(props: Props<T>): ReactNode {
  const { id, columns, rows, rowKey, to } = props;
  const [choice, choose] = useChoice(`sort.${id}`);
  const sort = parseSort(choice);
  const sorted = useMemo(() => {
    const found = parseSort(choice);
    const column = columns.find((candidate) => candidate.id === found?.by);
    return column && found ? sortRows(rows, column.value, found.order) : rows;
  }, [rows, columns, choice]);
  const body = useRef<HTMLTableSectionElement>(null);
  const [holder, setHolder] = useState<HTMLElement | null>(null);
  const isFree = useFits(holder);
  const [isWhole, setWhole] = useState(false);
  useEffect(() => {
    // Nobody can press a button on paper.
    const whole = () => setWhole(true);
    addEventListener("beforeprint", whole);
    return () => removeEventListener("beforeprint", whole);
  }, []);
  const total = isWhole ? sorted.length : Math.min(sorted.length, props.limit ?? sorted.length);
  const [first, last, height] = useVisibleRows(body, total);

  if (rows.length === 0) return <p className="empty">{props.empty ?? "Nothing here."}</p>;
  const toggle = (column: Column<T>) => {
    const initial: Order = typeof column.value(rows[0] as T) === "string" ? "asc" : "desc";
    const opposite: Order = initial === "asc" ? "desc" : "asc";
    if (sort?.by !== column.id) choose(`${column.id}.${initial}`);
    else choose(sort.order === initial ? `${column.id}.${opposite}` : "");
  };
  return (
    <div
      className={isFree ? "table-holder free" : "table-holder"}
      ref={setHolder}
      {...scrolled(isFree, props.caption)}
    >
      <table aria-rowcount={sorted.length} className={props.isFitted ? "fitted" : undefined}>
        <caption className="hidden-visually">{props.caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <HeadCell
                key={column.id}
                column={column}
                order={sort?.by === column.id ? sort.order : null}
                onToggle={() => toggle(column)}
              />
            ))}
          </tr>
        </thead>
        <tbody ref={body} onKeyDown={moveBetweenRows}>
          {first > 0 ? <Spacer height={first * height} columns={columns.length} /> : null}
          {sorted.slice(first, last).map((row) => (
            <BodyRow key={rowKey(row)} row={row} columns={columns} route={to?.(row) ?? null} />
          ))}
          {last < total ? (
            <Spacer height={(total - last) * height} columns={columns.length} />
          ) : null}
        </tbody>
      </table>
      {total < sorted.length ? (
        <button type="button" className="text-button more" onClick={() => setWhole(true)}>
          Show all {sorted.length}
        </button>
      ) : null}
    </div>
  );
}

function HeadCell<T>(props: {
  column: Column<T>;
  order: Order | null;
  onToggle: () => void;
}): ReactNode {
  const { column, order } = props;
  const label = column.title || <span className="hidden-visually">{column.id}</span>;
  return (
    <th
      scope="col"
      className={classes(column)}
      title={column.hint}
      aria-sort={order === "asc" ? "ascending" : order === "desc" ? "descending" : undefined}
    >
      {column.isFixed ? (
        label
      ) : (
        <button type="button" onClick={props.onToggle}>
          {label}
          <span aria-hidden="true">{order === "asc" ? "↑" : order === "desc" ? "↓" : ""}</span>
        </button>
      )}
    </th>
  );
}

function BodyRow<T>(props: { row: T; columns: Column<T>[]; route: Route | null }): ReactNode {
  const { row, columns, route } = props;
  return (
    <tr
      className={route ? "open" : undefined}
      onClick={route ? (event) => openRow(event.target, route) : undefined}
    >
      {columns.map((column) => (
        <td key={column.id} className={classes(column)}>
          {column.cell ? column.cell(row) : column.value(row)}
        </td>
      ))}
    </tr>
  );
}

/** A click anywhere on a row follows its link, but not while text is being selected. */
function openRow(target: EventTarget, route: Route): void {
  if (target instanceof Element && target.closest("a, button")) return;
  if (String(getSelection() ?? "") === "") navigate(route);
}

function Spacer({ height, columns }: { height: number; columns: number }): ReactNode {
  return (
    <tr className="spacer">
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}

function classes<T>(column: Column<T>): string {
  return [column.align, column.hide, column.isWrapped ? "wrap" : ""].filter(Boolean).join(" ");
}

/** Arrow up and down go from link to link, row by row. */
function moveBetweenRows(event: KeyboardEvent<HTMLTableSectionElement>): void {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const row = (event.target as Element).closest("tr");
  const next = event.key === "ArrowDown" ? row?.nextElementSibling : row?.previousElementSibling;
  const link = next?.querySelector("a");
  if (!link) return;
  event.preventDefault();
  link.focus();
}
