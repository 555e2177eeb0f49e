import { describe, expect, it } from "vitest";
import type { Drift, Performance, Quality } from "../../api/document";
import { driftFinding, performanceFinding, qualityFinding, serviceFinding } from "./findings";
import { segmentFinding, segmentRows } from "./segments";

const column = (verdict: string) => ({ verdict }) as Drift["columns"][string];
const metric = (before: number, value: number, low: number, high: number) => ({
  value,
  low: value,
  high: value,
  reference: { value: before, low: before, high: before },
  change: { value: value - before, low, high },
  direction: "higher" as const,
});

describe("what a page says first", () => {
  it("names the columns that drifted most, and says where nobody can tell", () => {
    const drift = {
      ranking: ["temp", "dewp", "hour"],
      columns: { temp: column("drifted"), dewp: column("drifted"), hour: column("stable") },
    } as unknown as Drift;
    expect(driftFinding(drift)).toBe("2 of 3 columns drifted, most: temp and dewp.");
    const few = { ranking: [], columns: { temp: column("not_enough_data") } } as unknown as Drift;
    expect(driftFinding(few)).toContain("not enough rows");
  });

  it("says how performance moved, beyond chance", () => {
    const performance = {
      metrics: {
        roc_auc: metric(0.75, 0.7, -0.056, -0.04),
        f1: metric(0.5, 0.49, -0.05, 0.03),
      },
    } as unknown as Performance;
    expect(performanceFinding(performance)).toBe(
      "ROC AUC fell from 0.750 to 0.700; 1 of 2 metrics are worse, beyond chance.",
    );
    expect(performanceFinding(null)).toContain("no labels");
  });

  it("names scores that miss their targets", () => {
    const quality = {
      scores: { completeness: { current: 0.93, target: 0.99, status: "fail", reference: 1 } },
      columns: { temp: { status: "fail" } },
    } as unknown as Quality;
    expect(qualityFinding(quality)).toBe(
      "Completeness is 93 %, its target 99 %. 1 column breaks a check.",
    );
  });

  it("counts the service", () => {
    const value = (of: number) => ({ value: of }) as never;
    expect(
      serviceFinding({ rows: 1, traffic: { error_rate: value(0), "latency_ms@p95": value(20) } }),
    ).toBe("1 prediction, 0 % of them errors; 95 % took at most 20 ms.");
  });

  it("finds the worst segment, by the direction of the metric", () => {
    const segment = (value: number | null, direction: "higher" | "lower") => ({
      rows_reference: 1,
      rows_current: 100,
      metrics: { mae: { value, low: null, high: null, direction } },
    });
    const rows = segmentRows(
      {
        origin: { EWR: segment(2, "lower"), LGA: segment(3, "lower"), JFK: segment(null, "lower") },
      },
      "mae",
    );
    expect(rows.map((row) => row.value)).toEqual(["LGA", "EWR", "JFK"]);
    expect(segmentFinding(rows, "mae", 2.5)).toBe(
      "MAE is worst at origin LGA: 3, 2.50 over all rows; 100 labelled rows.",
    );
  });
});
