import { describe, expect, it } from "vitest";
import type { Line, Series } from "../../api/schema";
import { byUnit, drawn, linesOf, modelsOf, nameOf, type Owned } from "./lines";
import { slugOf } from "./slug";

const line = (over: Partial<Line>): Line => ({
  metric: "roc_auc",
  title: "ROC AUC",
  column: null,
  version: null,
  segment: null,
  unit: null,
  points: [],
  ...over,
});
const point = (start: string, value: number | null) =>
  ({ start, end: start, value, low: null, high: null }) as Line["points"][number];
const series = (lines: Line[]): Series => ({
  model: "m",
  window: { start: "2013-01-01T00:00:00Z", end: "2013-01-02T00:00:00Z" },
  step: "1h",
  step_s: 3600,
  series: lines,
});
const owned = (over: Partial<Line>, model = "m"): Owned => ({
  model,
  line: line(over),
  series: series([]),
});

describe("linesOf", () => {
  it("leaves out what a model has no values of", () => {
    const full = line({ points: [point("2013-01-01T00:00:00Z", 0.7)] });
    const none = line({ metric: "rmse", points: [point("2013-01-01T00:00:00Z", null)] });
    expect(linesOf([{ model: "m", series: series([full, none]) }]).map((o) => o.line)).toEqual([
      full,
    ]);
  });
});

describe("nameOf", () => {
  it("says what differs and nothing else", () => {
    const lines = [owned({ segment: "origin:JFK" }), owned({ segment: "origin:LGA:2" })];
    expect(lines.map((one) => nameOf(one, lines))).toEqual(["JFK", "LGA:2"]);
    const models = [owned({}, "a"), owned({ metric: "f1", title: "F1" }, "b")];
    expect(models.map((one) => nameOf(one, models))).toEqual(["a · ROC AUC", "b · F1"]);
  });
  it("is the metric where there is one line", () => {
    const alone = [owned({ metric: "latency_ms@p95", title: "Latency" })];
    expect(nameOf(alone[0] as Owned, alone)).toBe("Latency p95");
  });
});

describe("drawn", () => {
  it("has a gap where a step is missing", () => {
    const one = owned({
      points: [
        point("2013-01-01T00:00:00Z", 1),
        point("2013-01-01T01:00:00Z", 2),
        point("2013-01-01T04:00:00Z", 3),
      ],
    });
    const hour = 3_600_000;
    const start = Date.parse("2013-01-01T00:00:00Z");
    expect(drawn(one, [one]).points).toEqual([
      [start, 1],
      [start + hour, 2],
      [start + 2 * hour, null],
      [start + 4 * hour, 3],
    ]);
  });
});

describe("byUnit", () => {
  it("never puts two units on one scale", () => {
    const lines = [owned({ unit: "ms" }), owned({ unit: "share" }), owned({ unit: "ms" })];
    expect(byUnit(lines).map((group) => group.length)).toEqual([2, 1]);
  });
});

describe("modelsOf", () => {
  it("is every model, the one that is named, or that of the page", () => {
    expect(modelsOf({ model: "*" }, "a", ["a", "b"])).toEqual(["a", "b"]);
    expect(modelsOf({ model: "b" }, "a", ["a", "b"])).toEqual(["b"]);
    expect(modelsOf({ model: null }, "a", ["a", "b"])).toEqual(["a"]);
    expect(modelsOf({ model: null }, "", [])).toEqual([]);
  });
});

describe("slugOf", () => {
  it("is a name for addresses that nobody has", () => {
    expect(slugOf("Late flights, by origin", [])).toBe("late-flights-by-origin");
    expect(slugOf("Qualité", ["qualite", "qualite-2"])).toBe("qualite-3");
    expect(slugOf("!!!", [])).toBe("dashboard");
  });
});
