import { describe, expect, it } from "vitest";
import { heights, isEven, outsideBars, stepPath } from "./outline";
import { formatRoute, parseRoute } from "./route";
import { niceDomain, niceTop, tickFormat } from "./scale";
import { shortName, sidesOf } from "./sides";
import { compareCells, matches, sortRows } from "./sort";
import { heatRows, heatTop, safeLink } from "./track";
import { ended, metricTitle, readChange, readVerdict, sentence } from "./words";

describe("route", () => {
  const nasty = ["temp", "a/b?c=d&e#f", "100%", "درجة", "", " ", "<img src=x>"];

  it.each(nasty)("keeps the feature %s over a reload", (name) => {
    const query: Record<string, string> = name ? { q: name, sort: "psi.desc" } : {};
    const route = { path: ["feature", name], query };
    expect(parseRoute(formatRoute(route))).toEqual(route);
  });

  it("leaves out empty choices and survives a broken escape", () => {
    expect(formatRoute({ path: [], query: { q: "" } })).toBe("#/");
    expect(parseRoute("#/feature/100%").path).toEqual(["feature", "100%"]);
  });
});

describe("sorting and search", () => {
  it("puts undefined last in either order and keeps ties in place", () => {
    const rows = [
      { id: 1, x: null },
      { id: 2, x: 5 },
      { id: 3, x: 7 },
      { id: 4, x: 5 },
    ];
    const ids = (order: "asc" | "desc") =>
      sortRows(rows, (row) => row.x, order).map((row) => row.id);
    expect(ids("asc")).toEqual([2, 4, 3, 1]);
    expect(ids("desc")).toEqual([3, 2, 4, 1]);
  });

  it("sorts names as people do", () => {
    expect(compareCells("feature_9", "feature_10", "asc")).toBeLessThan(0);
  });

  it("finds every word in any case", () => {
    expect(matches("Wind_Gust numeric", "gust NUM")).toBe(true);
    expect(matches("wind_gust", "rain")).toBe(false);
    expect(matches("anything", "")).toBe(true);
  });
});

describe("outlines", () => {
  it("draws uneven bins by density, so that area is share", () => {
    const edges = [0, 1, 3];
    expect(isEven(edges)).toBe(false);
    const drawn = heights(edges, [0.5, 0.5]);
    expect((drawn[0] ?? 0) * 1).toBeCloseTo((drawn[1] ?? 0) * 2, 12);
    expect(heights([0, 1, 2], [0.4, 0.6])).toEqual([0.4, 0.6]);
  });

  it("starts and ends on the ground", () => {
    const path = stepPath([0, 1, 2], [0.5, 1], { width: 10, height: 4, top: 1 });
    expect(path).toBe("M0 4V2H5V0H10V4");
  });

  it("names what lies beside the axis, missing always", () => {
    const bars = outsideBars({
      kind: "numeric",
      edges: [0, 1],
      reference: [1],
      current: [1],
      missing: [0, 0],
      below: [0, 0],
      above: [0, 0.2],
    });
    expect(bars.map((bar) => bar.label)).toEqual(["above the range", "missing"]);
  });
});

describe("scales", () => {
  it("ends at round numbers that hold all values", () => {
    expect(niceTop(0.81, 0.1)).toBe(1);
    expect(niceDomain([0.61, 0.48, 0.55])).toEqual({ min: 0.45, max: 0.65, interval: 0.05 });
  });

  it("never leaves the range of shares, nor collapses on a flat line", () => {
    const flat = niceDomain([0.985, 0.985], { floor: 0, ceiling: 1 });
    expect(flat.max).toBeLessThanOrEqual(1);
    expect(flat.max - flat.min).toBeGreaterThan(0.01);
    expect(niceDomain([])).toEqual({ min: 0, max: 1, interval: 0.5 });
    expect(niceDomain([0, 0], { isFromZero: true }).min).toBe(0);
  });

  it("shows ticks with as many decimals as they need", () => {
    expect([tickFormat(0.05)(0.5), tickFormat(20)(40), tickFormat(0.2)(-0.2)]).toEqual([
      "0.50",
      "40",
      "−0.2",
    ]);
  });
});

describe("words", () => {
  it("calls a change within tolerance harmless, and a missing verdict unknown", () => {
    expect(readVerdict("stable", "harmless").word).toBe("changed, harmless");
    expect(readVerdict("stable", "none").word).toBe("stable");
    expect(readVerdict("not_enough_data").word).toBe("not enough data");
    expect(readVerdict(null).word).toBe("unknown");
  });

  it("knows which way is worse", () => {
    expect([
      readChange(-0.1, "higher"),
      readChange(-0.1, "lower"),
      readChange(-0.1, "none"),
      readChange(0, "higher"),
    ]).toEqual(["worse", "better", null, null]);
  });

  it("titles metrics and closes sentences", () => {
    expect([metricTitle("roc_auc"), metricTitle("ndcg@10"), metricTitle("chi_squared")]).toEqual([
      "ROC AUC",
      "NDCG@10",
      "χ²",
    ]);
    expect([sentence("it moved"), ended("temp: up"), sentence(null)]).toEqual([
      "It moved.",
      "temp: up.",
      "",
    ]);
  });

  it("calls the sides by their file names, and never both the same", () => {
    expect(shortName("/data/x/ref.parquet")).toBe("ref.parquet");
    const side = (name: string) => ({ name, rows: 1 });
    expect(sidesOf({ reference: side("a/x.csv"), current: side("b/x.csv") })).toEqual({
      reference: "reference",
      current: "current",
    });
  });
});

describe("track", () => {
  const column = (effect: (number | null)[]) => ({
    kind: "numeric" as const,
    role: "feature",
    metrics: {},
    effect,
    verdicts: [],
  });
  const document = { ranking: ["b"], drift: { a: column([null]), b: column([0.2, null, 0.7]) } };

  it("ranks every column once and scales by the largest effect", () => {
    const rows = heatRows(document as never);
    expect(rows.map((row) => [row.name, row.top])).toEqual([
      ["b", 0.7],
      ["a", null],
    ]);
    expect(heatTop(rows, 0.05)).toBe(0.7);
  });

  it.each([
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,x",
    "https://example.org",
    "//example.org",
    "\\\\example.org",
    null,
    "",
  ])("follows no link that leaves the folder: %s", (link) => {
    expect(safeLink(link)).toBeNull();
  });

  it("follows a file beside the report", () => {
    expect(safeLink("2013-04.html")).toBe("2013-04.html");
  });
});
