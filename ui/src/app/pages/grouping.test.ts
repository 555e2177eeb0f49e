import { describe, expect, it } from "vitest";
import type { ModelLine } from "../../api/schema";
import { grouped, isFound, waysToGroup } from "./grouping";

const line = (name: string, over: Partial<ModelLine> = {}): ModelLine => ({
  name,
  rows: 0,
  last_event: null,
  versions: 1,
  reference: null,
  ...over,
});
const fares = line("fares", { owner: "Pricing", tags: ["eu", "beta"], task: "regression" });
const late = line("late", { owner: "Operations", task: "binary" });
const orphan = line("orphan", { task: "binary" });

describe("isFound", () => {
  it("looks at name, owner and tags", () => {
    expect(["FAR", "pric", "beta", "x"].map((text) => isFound(fares, text))).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(isFound(orphan, "")).toBe(true);
  });
});

describe("grouped", () => {
  const rows = [orphan, fares, late].map((each) => ({ line: each }));
  const names = (by: string) =>
    grouped(rows, by).map((group) => [group.name, ...group.rows.map((row) => row.line.name)]);
  it("puts models of an owner together, those without last", () => {
    expect(names("owner")).toEqual([
      ["Operations", "late"],
      ["Pricing", "fares"],
      ["", "orphan"],
    ]);
  });
  it("shows a model under each of its tags", () => {
    expect(names("tag")).toEqual([
      ["beta", "fares"],
      ["eu", "fares"],
      ["", "orphan", "late"],
    ]);
  });
});

describe("waysToGroup", () => {
  it("offers what some model has", () => {
    expect(waysToGroup([orphan])).toEqual([]);
    expect(waysToGroup([orphan, fares])).toEqual(["owner", "tag", "task"]);
  });
});
