import type { ComparisonDocument } from "../api/document";

export interface SideNames {
  reference: string;
  current: string;
}

/** A data set's name without the folders before it: what tells one from another stands last. */
export const shortName = (name: string): string => {
  const last = name.split(/[\\/]/).filter(Boolean).at(-1);
  return last ?? name;
};

/** What the two sides are called in legends and tables; never the same word for both. */
export function sidesOf({
  reference,
  current,
}: Pick<ComparisonDocument, "reference" | "current">): SideNames {
  const names = { reference: shortName(reference.name), current: shortName(current.name) };
  return names.reference === names.current || names.reference === "" || names.current === ""
    ? { reference: "reference", current: "current" }
    : names;
}
