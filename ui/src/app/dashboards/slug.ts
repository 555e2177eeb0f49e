/** A name for addresses, from a title: 'Late flights, by origin' is 'late-flights-by-origin'. */
export function slugOf(title: string, taken: readonly string[]): string {
  const plain =
    title
      .normalize("NFKD")
      .replace(/\p{M}/gu, "")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, "-")
      .replace(/^-+|-+$/g, "")
      .slice(0, 80) || "dashboard";
  let name = plain;
  for (let number = 2; taken.includes(name); number += 1) name = `${plain}-${number}`;
  return name;
}
