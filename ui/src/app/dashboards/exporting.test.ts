import { describe, expect, it } from "vitest";
import type { Line, Series } from "../../api/schema";
import { type Exported, toCsv } from "./exporting";

const exported = (panel: string, segment: string | null): Exported => ({
  panel,
  lines: [
    {
      model: "m",
      series: {} as Series,
      line: {
        metric: "psi",
        unit: null,
        column: "temp",
        segment,
        version: null,
        points: [{ start: "a", end: "b", value: 0.5, low: null, high: 0.75, n_current: 12 }],
      } as unknown as Line,
    },
  ],
});

describe("toCsv", () => {
  it("has a row for each point", () => {
    expect(toCsv([exported("Drift", null)])).toBe(
      "panel,model,metric,unit,column,segment,version,start,end,value,low,high,rows\r\n" +
        "Drift,m,psi,,temp,,,a,b,0.5,,0.75,12\r\n",
    );
  });
  it("quotes what would end a cell, and disarms what a spreadsheet would run", () => {
    const rows = toCsv([exported('One, "two"', "=cmd()")]);
    expect(rows).toContain('"One, ""two""",m,psi');
    expect(rows).toContain(",'=cmd(),");
  });
});
