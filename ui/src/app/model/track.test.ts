import { describe, expect, it } from "vitest";
import type { Track } from "../../api/schema";
import { named } from "../../charts/timelineParts";
import { firings } from "./events";
import { stepOf, stepsFor } from "./steps";
import { placeIn, stepsOf, withGaps } from "./track";

const DAY = 86_400;
const day = (number: number) => `2013-06-0${number}T00:00:00Z`;

const track: Track = {
  model: "m",
  version: null,
  segment: null,
  window: { start: day(1), end: day(6) },
  step: "1d",
  step_s: DAY,
  tolerance: 0.05,
  steps: [1, 2, 5].map((number) => ({
    start: day(number),
    end: day(number + 1),
    rows: number,
    labelled: 0,
    drifted: number === 5 ? null : 1,
    columns: 3,
  })),
  drift: {
    temp: {
      kind: "numeric",
      role: "feature",
      effect: [0.1, 0.2, 0.3],
      low: [0, 0, 0],
      high: [1, 1, 1],
      verdicts: ["stable", "drifted", null],
      missing: [0, 0.5, 1],
    },
  },
  ranking: ["temp"],
  quality: { validity: { target: 0.99, points: [1, null, 0.9] } },
};

describe("a track", () => {
  it("has a place for each step without rows, so that time is not pushed together", () => {
    expect(withGaps([0, DAY, 4 * DAY], DAY)).toEqual([0, 1, null, null, 2]);
    const steps = stepsOf(track, "UTC");
    expect(steps.windows.map((each) => each.rows)).toEqual([1, 2, 0, 0, 5]);
    expect(steps.drift.temp?.effect).toEqual([0.1, 0.2, null, null, 0.3]);
    expect(steps.quality.validity?.points).toEqual([1, null, null, null, 0.9]);
    expect(steps.drifted).toEqual([1, 1, null, null, null]);
    expect(steps.columns).toBe(3);
  });

  it("finds the step of the time that is looked at", () => {
    const { windows } = stepsOf(track, "UTC");
    expect(placeIn(windows, { from: day(2), to: day(3) })).toBe(1);
    expect(placeIn(windows, { from: "2012-01-01", to: "2012-01-02" })).toBe(-1);
    expect(placeIn(windows, null)).toBe(-1);
  });
});

describe("events on a chart", () => {
  const event = (at: number, name: string) => ({ at, name, kind: "change" as const });

  it("are named where no other name stands in their way", () => {
    const found = named(
      [event(90, "c"), event(0, "a"), event(10, "b"), event(200, "d")],
      [0, 100],
      0.3,
    );
    expect(found.map(({ name, label, align }) => [name, label, align])).toEqual([
      ["a", "", "left"],
      ["b", "b", "left"],
      ["c", "c", "right"],
    ]);
  });

  it("hold each firing once, whether it goes on or has ended", () => {
    const subject = JSON.stringify(["f", "g", "m", "Recall low", 1, "1", ""]);
    const row = (at: string, before: string, after: string) => ({
      at,
      kind: "state",
      model: "m",
      subject,
      what: { before, after },
    });
    const found = firings(
      [{ alert: "Recall low", fired_at: day(5) }],
      [
        row(day(5), "pending", "firing"),
        row(day(3), "firing", "inactive"),
        row(day(2), "pending", "firing"),
      ],
    );
    expect(found.map(({ at }) => new Date(at).getUTCDate()).sort()).toEqual([2, 5]);
  });
});

describe("steps", () => {
  it("are fewer where there are very many columns", () => {
    expect([stepsFor(20), stepsFor(100), stepsFor(5_000)]).toEqual([62, 30, 15]);
    const model = { first_event: null, last_event: null };
    expect([stepOf("30d", model), stepOf("30d", model, 15)]).toEqual(["1d", "7d"]);
  });
});
