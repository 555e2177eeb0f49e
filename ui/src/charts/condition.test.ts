import { describe, expect, it } from "vitest";
import { steady, thinned } from "./condition";

describe("thinned", () => {
  it("keeps short histories whole", () => {
    expect(thinned([1, null, 3])).toEqual([0, 1, 2]);
  });
  it("keeps extremes and gaps of long ones", () => {
    const values: (number | null)[] = Array.from({ length: 10_000 }, () => 1);
    values[5003] = 9;
    values[7000] = null;
    const places = thinned(values, 1000);
    expect(places.length).toBeLessThan(1200);
    expect(places).toContain(5003);
    expect(places).toContain(7000);
    expect([...places].sort((a, b) => a - b)).toEqual(places);
  });
});

it("knows a limit that holds still", () => {
  expect(steady([null, 2, 2])).toBe(2);
  expect(steady([2, 3])).toBeNull();
  expect(steady([null])).toBeNull();
});
