import { describe, expect, it } from "vitest";
import { boundsOf, topOf } from "./overTime";

const step = (rows: number, shares: number[]) => ({ start: 0, end: 1, rows, shares, median: null });

describe("a distribution over time", () => {
  it("has the first category on top", () => {
    expect(boundsOf({ edges: null, categories: ["a", "b"] })).toEqual([
      [1, 2],
      [0, 1],
    ]);
    expect(boundsOf({ edges: [0, 2, 5], categories: null })).toEqual([
      [0, 2],
      [2, 5],
    ]);
  });

  it("is not made pale by a step of few rows", () => {
    const steps = [step(1_000, [0.2, 0.1]), step(3, [1, 0])];
    expect(topOf({ steps, reference: [0.3] })).toBe(0.3);
    expect(topOf({ steps: steps.slice(1), reference: null })).toBe(1);
  });
});
