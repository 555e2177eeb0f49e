import { describe, expect, it } from "vitest";
import type { ScheduleShown } from "../../api/schema";
import { withOverride } from "./overrides";
import { barsOf, handovers, mondayBefore, weeksFrom } from "./weeks";

const FILE = `users:
  primary: {name: A person called primary}
schedules:
  primary:
    zone: Europe/Zurich  # where we are
    layers:
      - {rotation: weekly, users: [ana], start: 2026-01-05}
  other:
    layers: []
escalations:
  default: {}
`;
const override = {
  schedule: "primary",
  user: "bo",
  from: "2026-11-25T09:00",
  to: "2026-11-26T09:00",
};

describe("withOverride", () => {
  it("adds a line to the schedule, and none elsewhere", () => {
    const text = withOverride(FILE, override) ?? "";
    expect(text).toContain(
      "    overrides:\n      - {user: bo, from: 2026-11-25T09:00, to: 2026-11-26T09:00}\n  other:",
    );
    const twice = withOverride(text, { ...override, user: "cy" }) ?? "";
    expect(twice.match(/overrides:/g)).toHaveLength(1);
    expect(twice.indexOf("user: cy")).toBeGreaterThan(twice.indexOf("user: bo"));
  });
  it("gives up where it cannot be sure", () => {
    expect(withOverride(FILE, { ...override, schedule: "none" })).toBeNull();
    expect(withOverride("schedules: {primary: {layers: []}}", override)).toBeNull();
  });
});

const schedule: ScheduleShown = {
  schedule: "primary",
  zone: "UTC",
  user: "ana",
  name: "Ana",
  until: null,
  contacts: [],
  shifts: [
    { user: "ana", start: "2026-11-18T12:00:00Z", end: "2026-11-23T00:00:00Z", layer: "1" },
    { user: "bo", start: "2026-11-24T00:00:00Z", end: "2026-11-30T00:00:00Z", layer: "override" },
  ],
  gaps: [{ start: "2026-11-23T00:00:00Z", end: "2026-11-24T00:00:00Z" }],
};

describe("weeks", () => {
  it("begin on Monday", () => {
    const sunday = Date.parse("2026-11-22T23:00:00Z");
    expect(new Date(mondayBefore(sunday, false)).toISOString()).toBe("2026-11-16T00:00:00.000Z");
    expect(weeksFrom(sunday, 2, false)[1]).toBe(Date.parse("2026-11-23T00:00:00Z"));
  });
  it("hold shifts and gaps as shares", () => {
    const start = Date.parse("2026-11-16T00:00:00Z");
    const [bar] = barsOf(schedule, start, start + 7 * 86_400_000);
    expect(bar).toMatchObject({ user: "ana", width: 4.5 / 7, left: 2.5 / 7 });
    const next = barsOf(schedule, start + 7 * 86_400_000, start + 14 * 86_400_000);
    expect(next.map((each) => each.user)).toEqual([null, "bo"]);
  });
  it("tell who hands over to whom", () => {
    expect(handovers(schedule).map((each) => [each.from, each.to])).toEqual([
      ["ana", null],
      [null, "bo"],
    ]);
  });
});
