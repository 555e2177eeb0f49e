import { describe, expect, it } from "vitest";
import type { Compared } from "../alerts/ask";
import {
  firingsOf,
  isPlain,
  moved,
  scaleOf,
  tallyOf,
  thresholdIn,
  withThreshold,
} from "./threshold";

describe("thresholdIn", () => {
  it("finds the number behind the comparison", () => {
    expect(thresholdIn("latency_p95 > 200")).toEqual({
      value: 200,
      start: 14,
      end: 17,
      isFactor: false,
    });
    expect(thresholdIn("change(f1, '7d') <= -0.05")?.value).toBe(-0.05);
    expect(thresholdIn("accuracy < 0.95 * reference.accuracy")?.isFactor).toBe(true);
  });
  it("looks outside of brackets and texts", () => {
    expect(thresholdIn("count(features, psi > 0.25) >= 5")?.value).toBe(5);
    expect(thresholdIn('psi("a > 3") > 0.2')?.value).toBe(0.2);
    expect(thresholdIn('absent(volume, "15m")')).toBeNull();
  });
  it("puts another number there", () => {
    const found = thresholdIn("error_rate > 0.05");
    expect(found && withThreshold("error_rate > 0.05", found, 0.1)).toBe("error_rate > 0.1");
  });
  it("knows what it cannot work out here", () => {
    expect(isPlain("a > 1")).toBe(true);
    expect(isPlain("a > 1 && b > 2")).toBe(false);
    expect(isPlain("count(features, psi > 0.2) > 3")).toBe(false);
  });
});

const at = [0, 1, 2, 3, 4, 5].map((hour) => hour * 3600);
const points: Compared = {
  at,
  value: [1, 3, 3, null, 3, 1],
  low: [],
  high: [],
  limit: [2, 2, 2, 2, 2, 2],
  rows: [],
  truth: ["false", "true", "true", "no_data", "true", "false"],
  name: "x",
  operator: ">",
  unit: "",
};

describe("moved", () => {
  it("moves the limit, and with it what was true; what is unknown stays so", () => {
    const found = moved(points, { value: 2, start: 0, end: 1, isFactor: false }, 5);
    expect(found.limit[0]).toBe(5);
    expect(found.truth).toEqual(["false", "false", "false", "no_data", "false", "false"]);
  });
  it("scales a limit that is a factor of something", () => {
    const found = moved(points, { value: 0.5, start: 0, end: 1, isFactor: true }, 0.25);
    expect(found.limit[0]).toBe(1);
  });
});

describe("firingsOf", () => {
  it("waits for `for`, and holds on through missing data", () => {
    expect(firingsOf(points, { for_s: 0, keep_s: 0 })).toEqual([[3600, 18_000]]);
    expect(firingsOf(points, { for_s: 3600, keep_s: 0 })).toEqual([[7200, 18_000]]);
    expect(firingsOf(points, { for_s: 0, keep_s: 3600 })).toEqual([[3600, null]]);
    expect(firingsOf(points, { for_s: 86_400, keep_s: 0 })).toEqual([]);
  });
  it("counts how often and how long", () => {
    expect(
      tallyOf(
        [
          [3600, 7200],
          [10_800, null],
        ],
        at,
      ),
    ).toEqual({
      times: 2,
      hours: 3,
      longest: 2,
      days: 18_000 / 86_400,
    });
  });
});

describe("scaleOf", () => {
  it("holds the history and the number", () => {
    const found = scaleOf({ value: 5, start: 0, end: 1, isFactor: false }, points);
    expect(found.min).toBeLessThanOrEqual(1);
    expect(found.max).toBeGreaterThanOrEqual(5);
  });
});
