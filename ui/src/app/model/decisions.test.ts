import { describe, expect, it } from "vitest";
import type { Decided } from "../../api/schema";
import { bestPlace, costOf, outcomeAt, placeOf } from "./decisions";

const share = (value: number | null) => ({ value, low: value, high: value, n: 10 });
const decided: Decided = {
  labelled: 10,
  rows: 20,
  tp: [4, 3, 0],
  fp: [6, 1, 0],
  fn: [0, 1, 4],
  tn: [0, 5, 6],
  flagged: [20, 6, 0],
  precision: [share(0.4), share(0.75), share(null)],
  recall: [share(1), share(0.75), share(0)],
};

describe("what a threshold decides", () => {
  it("follows from its counts", () => {
    const found = outcomeAt(decided, 1, { alarm: 2, miss: 10 });
    expect(found.f1).toBeCloseTo(0.75);
    expect(found.accuracy).toBeCloseTo(0.8);
    expect(found.flagged).toBeCloseTo(0.3);
    expect(found.cost).toBeCloseTo(1200);
  });

  it("has the cheapest where misses cost what they cost", () => {
    const cheapest = (miss: number) =>
      bestPlace(decided, (each) => (each.cost === null ? null : -each.cost), { alarm: 1, miss });
    expect(cheapest(1)).toBe(1);
    expect(cheapest(100)).toBe(0);
    expect(cheapest(0)).toBe(2);
  });

  it("is found next to any value", () => {
    expect(placeOf([0, 0.243, 0.5, 1], 0.3)).toBe(1);
    expect(placeOf([0, 0.243, 0.5, 1], 7)).toBe(3);
  });

  it("takes a cost from the address, and 1 where it is none", () => {
    expect([costOf(""), costOf("x"), costOf("-3"), costOf("2.5"), costOf("0")]).toEqual([
      1, 1, 1, 2.5, 0,
    ]);
  });
});
