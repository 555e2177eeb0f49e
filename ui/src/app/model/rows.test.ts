import { describe, expect, it } from "vitest";
import type { ModelDetail } from "../../api/schema";
import { both, celText, parseLooked, segmentWhere } from "./at";
import { celColumn, factsOf, isRight, quickFilters } from "./rows";

const model = {
  task: "binary",
  columns: [
    { name: "late", role: "label", kind: "categorical" },
    { name: "prediction", role: "prediction", kind: "categorical" },
  ],
  file: { classes: ["0", "1"] },
} as unknown as ModelDetail;

describe("conditions on rows", () => {
  it("are made of the model's roles and classes", () => {
    const found = Object.fromEntries(quickFilters(model).map((each) => [each.label, each.where]));
    expect(found.wrong).toBe("late != prediction");
    expect(found["false alarms"]).toBe('late == "0" && prediction == "1"');
    expect(found["without a label"]).toBe("late == null");
  });

  it("cannot be ended by a value", () => {
    expect(celText('LGA" || true || "')).toBe('"LGA\\" || true || \\""');
    expect(segmentWhere('origin:LG"A')).toBe('origin == "LG\\"A"');
    expect(segmentWhere("no column:x")).toBe("");
    expect(celColumn("wind speed")).toBe('row["wind speed"]');
    expect(both("", "a == 1", "b == 2")).toBe("a == 1 && b == 2");
  });
});

describe("a row", () => {
  it("is right, wrong, or not labelled", () => {
    expect(isRight({ label: "1", prediction: "1" })).toBe(true);
    expect(isRight({ label: "1", prediction: "0" })).toBe(false);
    expect(isRight({ label: null, prediction: "0" })).toBeNull();
  });

  it("tells all that it holds", () => {
    const facts = factsOf({
      id: "1",
      time: "2013-06-03T00:00:00Z",
      label: null,
      features: {},
      scores: { late: 0.7 },
      violations: ["temp above 130"],
    });
    expect(facts.map(([name]) => name)).toEqual(["time", "score of late", "violations"]);
  });
});

describe("the time that is looked at", () => {
  it("is a range, or nothing", () => {
    expect(parseLooked("2013-06-03T00:00:00Z..2013-06-04T00:00:00Z")?.to).toBe(
      "2013-06-04T00:00:00Z",
    );
    expect(parseLooked("2013-06-04T00:00:00Z..2013-06-03T00:00:00Z")).toBeNull();
    expect(parseLooked("")).toBeNull();
  });
});
