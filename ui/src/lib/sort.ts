export type Order = "asc" | "desc";
export type SortValue = number | string | null | undefined;

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** Compares two cells; what is undefined comes last in either order. */
export function compareCells(left: SortValue, right: SortValue, order: Order): number {
  const leftEmpty = left === null || left === undefined;
  const rightEmpty = right === null || right === undefined;
  if (leftEmpty || rightEmpty) return Number(leftEmpty) - Number(rightEmpty);
  const found =
    typeof left === "number" && typeof right === "number"
      ? left - right
      : collator.compare(String(left), String(right));
  return order === "asc" ? found : -found;
}

/** A sorted copy; rows that compare equal keep their order. */
export function sortRows<T>(rows: readonly T[], key: (row: T) => SortValue, order: Order): T[] {
  return [...rows].sort((left, right) => compareCells(key(left), key(right), order));
}

/** Whether every word of a search occurs in a text, whatever the case. */
export function matches(text: string, search: string): boolean {
  const found = text.toLocaleLowerCase();
  return search
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => found.includes(word));
}
