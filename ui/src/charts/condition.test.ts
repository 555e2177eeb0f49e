import { describe, expect, it } from "vitest";
import { ticksOf } from "../app/units";
import type { Palette } from "../state/theme";
import { type ConditionChart, conditionOption, steady, thinned } from "./condition";

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

it("has an axis of whole hours for times in seconds", () => {
  const chart: ConditionChart = {
    title: "Time without a prediction",
    at: [0, 3_600_000],
    value: [60, 18_000],
    low: [null, null],
    high: [null, null],
    limit: [900, 900],
    rows: [0, 0],
    firings: [],
    events: [],
    show: String,
    ticks: ticksOf("s"),
    isOfRows: false,
    showTime: String,
    isShare: false,
    isLocal: false,
  };
  const { yAxis } = conditionOption(chart)({} as Palette);
  expect([yAxis.min, yAxis.max, yAxis.interval]).toEqual([0, 6 * 3600, 2 * 3600]);
  expect(yAxis.axisLabel.formatter?.(7200)).toBe("2 h");
});
