import { describe, expect, it } from "vitest";
import type { AlertShown } from "../../api/schema";
import { monitorState, monitorsWords } from "./state";
import type { Held } from "./useTried";

const now = Date.parse("2026-01-01T12:00:00Z");
const held = (at: string | null, error: string | null = null): Held =>
  ({
    file: { name: "f" },
    group: {
      name: "g",
      interval: "1m",
      evaluated: at ? [{ model: "m", at, took_ms: 1, error }] : [],
    },
    rule: { alert: "Slow", number: 0 },
  }) as unknown as Held;
const alert = (more: Partial<AlertShown>): AlertShown =>
  ({
    file: "f",
    group: "g",
    alert: "Slow",
    number: 0,
    state: "firing",
    note: null,
    ...more,
  }) as AlertShown;

describe("monitorState", () => {
  const fresh = "2026-01-01T11:59:30Z";
  it("is the worst of its alerts", () => {
    const alerts = [alert({ state: "pending" }), alert({}), alert({ number: 1, state: "error" })];
    expect(monitorState(held(fresh), alerts, now).word).toBe("firing");
    expect(monitorState(held(fresh), [], now).word).toBe("quiet");
  });
  it("is unknown where nobody has looked of late", () => {
    expect(monitorState(held(null), [], now).word).toBe("unknown");
    expect(monitorState(held("2026-01-01T11:00:00Z"), [alert({})], now).word).toBe("unknown");
  });
  it("says that data are missing, whatever the policy", () => {
    const quiet = alert({ state: "inactive", note: "rests on 0 rows" });
    expect(monitorState(held(fresh), [quiet], now).word).toBe("quiet, no data");
  });
  it("is an error where the group cannot be evaluated", () => {
    expect(monitorState(held(fresh, "no such model"), [], now)).toMatchObject({
      word: "error",
      why: "no such model",
    });
  });
});

it("says all of them in a sentence", () => {
  const states = [held(null), held(null)].map((each) => monitorState(each, [], now));
  expect(monitorsWords(states)).toBe("2 monitors: 2 are unknown.");
  expect(monitorsWords([])).toBe("0 monitors, all quiet.");
});
