import { describe, expect, it } from "vitest";
import type { Line, RuleFile } from "../../api/schema";
import { alertName, beginning, conditionName, measured, thresholdFrom } from "./beginning";
import { fileWith } from "./placing";
import { spanOf } from "./span";

describe("conditionName", () => {
  it("joins what reports show behind an @", () => {
    expect(conditionName("latency_ms@p95")).toBe("latency_p95");
    expect(conditionName("latency_ms@p99.9")).toBe("latency_p99_9");
    expect(conditionName("precision@5")).toBe("precision_at_5");
    expect(conditionName("ndcg_at_k@10")).toBe("ndcg_at_10");
    expect(conditionName("error_rate@timeout")).toBe("error_rate_timeout");
    expect(conditionName("outcome_mean@revenue")).toBe('outcome_mean("revenue")');
    expect(measured("psi", "temp")).toBe('psi("temp")');
    expect(alertName("latency_ms@p95", "", true)).toBe("HighLatencyP95");
  });
});

const line = (values: number[]): Line =>
  ({
    metric: "x",
    worse: "higher",
    unit: "ms",
    points: values.map((value) => ({ value })),
  }) as Line;

describe("thresholdFrom", () => {
  it("stands outside of the past, but not beyond a few hours of trouble", () => {
    const calm = Array.from({ length: 50 }, (_, place) => 100 + (place % 10));
    expect(thresholdFrom(line(calm), true)).toBe(120);
    expect(thresholdFrom(line([...calm, 900, 900, 900]), true)).toBeLessThan(200);
    expect(thresholdFrom(undefined, true)).toBe(1);
  });
  it("makes a rule that reads well", () => {
    const text = beginning({
      metric: "psi",
      column: "temp",
      segment: "",
      card: undefined,
      line: line([0.1]),
    });
    expect(text).toContain('expr: psi("temp") > 0.11');
  });
});

describe("fileWith", () => {
  const group = { name: "m", model: "m", interval: "5m", labels: {} };
  const file = (more: Partial<RuleFile>): RuleFile =>
    ({
      name: "rules",
      source: null,
      text: "groups:\n  - name: g\n    model: m\n    rules:\n      - alert: A\n        expr: a > 1\n",
      groups: [{ ...group, name: "g", rules: [{ line: 5 }] }],
      ...more,
    }) as RuleFile;
  it("adds to a file that is kept here", () => {
    const place = fileWith([file({})], group, "- alert: B\n  expr: b > 1");
    expect(place.name).toBe("rules");
    expect(place.text).toContain(
      "      - alert: A\n        expr: a > 1\n      - alert: B\n        expr: b > 1",
    );
  });
  it("leaves files alone that are kept elsewhere", () => {
    const place = fileWith([file({ source: "x.yaml", name: "m" })], group, "- alert: B");
    expect(place).toMatchObject({ name: "m 2", before: null });
  });
});

it("makes spans on whole hours", () => {
  const model = { first_event: "2013-04-01T00:00:00Z", last_event: "2014-01-01T05:10:00Z" };
  const now = Date.parse("2026-11-21T18:30:00Z");
  expect(spanOf("latest:7d", model, now)).toBe("2013-12-25T06:00:00Z..2014-01-01T06:00:00Z");
  expect(spanOf("24h", model, now)).toBe("2026-11-20T19:00:00Z..2026-11-21T19:00:00Z");
  expect(spanOf("all", model, now)).toBe("2013-04-01T00:00:00Z..2014-01-01T06:00:00Z");
});
