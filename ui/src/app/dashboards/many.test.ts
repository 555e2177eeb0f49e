import { describe, expect, it } from "vitest";
import type { Lines } from "../../api/schema";
import { isMany, longsOf, seriesOf } from "./many";
import type { Around, Asked } from "./usePanel";

const HOUR = 3600;
const lines: Lines = {
  model: "a",
  window: { start: "1970-01-01T00:00:00Z", end: "1970-01-01T06:00:00Z" },
  step: "1h",
  step_s: HOUR,
  starts: [HOUR, 2 * HOUR, 5 * HOUR],
  lines: [
    { metric: "f1", column: null, version: null, segment: null, unit: "share", values: [1, 2, 3] },
    {
      metric: "psi",
      column: "x",
      version: null,
      segment: null,
      unit: "",
      values: [null, null, null],
    },
  ],
};
const around: Around = { models: [], model: "a", window: "latest:365d" };
const panel = (over: Partial<Asked>): Asked => ({
  kind: "lines",
  model: null,
  metrics: ["f1"],
  columns: [],
  version: null,
  segment: null,
  step: "1h",
  ...over,
});

describe("isMany", () => {
  it("is a year by the hour, and not by the week or as a table", () => {
    expect(isMany(panel({}), around)).toBe(true);
    expect(isMany(panel({ step: "7d" }), around)).toBe(false);
    expect(isMany(panel({ step: null }), around)).toBe(false);
    expect(isMany(panel({ kind: "table" }), around)).toBe(false);
    expect(isMany(panel({}), { ...around, window: "7d" })).toBe(false);
  });
});

describe("longsOf", () => {
  it("stands values at even distances, with gaps, and leaves out lines without any", () => {
    const found = longsOf([{ model: "a", lines }]);
    expect([found.start, found.step, found.count]).toEqual([HOUR * 1000, HOUR * 1000, 5]);
    expect(found.lines.map((line) => line.owned.line.metric)).toEqual(["f1"]);
    expect([...(found.lines[0]?.pyramid.values ?? [])]).toEqual([1, 2, Number.NaN, Number.NaN, 3]);
  });
  it("lays models that begin at different times on one grid", () => {
    const later = { ...lines, starts: [4 * HOUR, 5 * HOUR, 7 * HOUR] };
    const found = longsOf([
      { model: "a", lines },
      { model: "b", lines: later },
    ]);
    expect(found.count).toBe(7);
    expect(found.lines[1]?.pyramid.values[3]).toBe(1);
  });
  it("is empty where there is nothing", () => {
    expect(longsOf([{ model: "a", lines: { ...lines, starts: [], lines: [] } }]).lines).toEqual([]);
  });
});

describe("seriesOf", () => {
  it("has a point for each value", () => {
    const [line, none] = seriesOf(lines).series;
    expect(line?.points.map((point) => [point.start, point.value])).toEqual([
      ["1970-01-01T01:00:00.000Z", 1],
      ["1970-01-01T02:00:00.000Z", 2],
      ["1970-01-01T05:00:00.000Z", 3],
    ]);
    expect(none?.points).toEqual([]);
  });
});
