import { describe, expect, it } from "vitest";
import type { Happened } from "../../api/schema";
import { episodesOf, talliesOf } from "./episodes";

const subject = JSON.stringify(["f", "g", "flights", "Slow", 0, "", "JFK"]);
const turn = (hour: number, before: string, after: string): Happened => ({
  at: `2026-01-01T0${hour}:00:00Z`,
  kind: "state",
  model: "flights",
  subject,
  what: { before, after, note: "" },
});

describe("episodesOf", () => {
  it("joins a beginning and its end, the newest first", () => {
    const history = [
      turn(5, "pending", "firing"),
      turn(3, "recovering", "inactive"),
      turn(2, "firing", "recovering"),
      turn(1, "pending", "firing"),
      turn(0, "inactive", "pending"),
    ];
    const found = episodesOf(history);
    expect(found.map((each) => [each.from, each.until])).toEqual([
      ["2026-01-01T05:00:00Z", null],
      ["2026-01-01T01:00:00Z", "2026-01-01T03:00:00Z"],
    ]);
    expect(found[0]?.segment).toBe("JFK");
    const [tally] = talliesOf(found, Date.parse("2026-01-01T06:00:00Z"));
    expect(tally).toMatchObject({ times: 2, seconds: 3 * 3600, longest: 2 * 3600 });
  });
  it("does not end what goes on without data", () => {
    const history = [turn(2, "firing", "no_data"), turn(1, "inactive", "firing")];
    expect(episodesOf(history).map((each) => each.until)).toEqual([null]);
  });
  it("passes over subjects that it does not know", () => {
    expect(episodesOf([{ ...turn(1, "inactive", "firing"), subject: "{}:x" }])).toEqual([]);
  });
});
