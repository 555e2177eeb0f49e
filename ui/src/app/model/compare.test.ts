import { describe, expect, it } from "vitest";
import { comparedRows, comparedTitle, compareFinding } from "./compare";

const performance = comparedRows({
  roc_auc: {
    value: 0.88,
    reference: { value: 0.7 },
    change: { value: 0.18, low: 0.17, high: 0.19 },
    direction: "higher",
    p_adjusted: 0,
    different: true,
  },
  brier: {
    value: 0.21,
    reference: { value: 0.2 },
    change: { value: 0.01, low: -0.01, high: 0.03 },
    direction: "lower",
    p_adjusted: 0.4,
    different: false,
  },
});
const service = comparedRows({
  "latency_ms@p95": {
    a: { value: 19.5 },
    b: { value: 11.5 },
    change: { value: -8, low: -8.4, high: -7.4 },
    p_adjusted: 0,
    different: true,
  },
});

describe("two versions", () => {
  it("are read from both groups of the answer", () => {
    expect(performance[0]).toMatchObject({ a: 0.7, b: 0.88, direction: "higher" });
    expect(service[0]).toMatchObject({ a: 19.5, b: 11.5, direction: "lower", unit: "ms" });
    expect(comparedTitle("latency_ms@p95")).toBe("Latency p95");
  });

  it("are told apart in a sentence", () => {
    expect(compareFinding(performance, service, "1", "2")).toBe(
      "Version 2 is better than 1 in 1 of 2 metrics of performance. Its 95th percentile of latency fell from 19.5 to 11.5 ms.",
    );
    const alike = performance.slice(1);
    expect(compareFinding(alike, [], "1", "2")).toContain("no metric differs beyond chance");
    expect(compareFinding([], [], "1", "2")).toContain("Not enough labelled rows");
  });
});
