import { describe, expect, it } from "vitest";
import words from "../../fixtures/words.json";
import { count, instant, interval, number, percent, pValue, setting, signed } from "./format";

const SHOW: Record<string, (value: number | null) => string> = { number, signed, percent, count };

describe("numbers read as the Python side writes them", () => {
  // The cases come from `watchkeeper.app.words`; a Python test keeps the file equal to it.
  for (const [name, cases] of Object.entries(words)) {
    it.each(cases as [number | null, string][])(`${name}(%s) is %s`, (value, text) => {
      expect(SHOW[name]?.(value)).toBe(text);
    });
  }
});

describe("what only the page shows", () => {
  it("writes a chosen number as short as it was chosen", () => {
    expect([setting(0.05), setting(1), setting(0.125)]).toEqual(["0.05", "1", "0.125"]);
  });

  it("never shows a p-value of zero", () => {
    expect([pValue(1e-12), pValue(0.0123), pValue(0.4), pValue(1), pValue(null)]).toEqual([
      "< 0.001",
      "0.012",
      "0.40",
      "1",
      "–",
    ]);
  });

  it("shows no interval when an end is missing", () => {
    expect([interval(0.1, null), interval(0.1, 0.2)]).toEqual(["", "0.100 to 0.200"]);
  });

  it("shows days on long axes, minutes on short ones", () => {
    const noon = Date.UTC(2013, 6, 1, 12, 30) / 1000;
    expect([instant(noon), instant(noon, 3600)]).toEqual(["2013-07-01", "2013-07-01 12:30"]);
  });
});
