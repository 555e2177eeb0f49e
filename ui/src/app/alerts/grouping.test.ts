import { describe, expect, it } from "vitest";
import type { AlertShown } from "../../api/schema";
import type { ForeignAlert } from "./ask";
import { fromElsewhere, groupsOf, isShown, sentenceOf } from "./grouping";

const alert = (more: Partial<AlertShown>): AlertShown =>
  ({
    fingerprint: "f",
    alert: "Slow",
    model: "flights",
    state: "firing",
    since: "2026-01-01T00:00:00Z",
    labels: { severity: "P2" },
    annotations: {},
    silenced_by: [],
    acknowledged: null,
    file: "f",
    ...more,
  }) as AlertShown;

describe("groupsOf", () => {
  it("puts the group with the worst alert first", () => {
    const groups = groupsOf(
      [
        alert({ model: "a", labels: { severity: "P3" } }),
        alert({ model: "b", labels: { severity: "critical" } }),
        alert({ model: "a", state: "pending", labels: { severity: "P0" } }),
      ],
      "",
    );
    expect(groups.map((group) => [group.name, group.alerts.length])).toEqual([
      ["b", 1],
      ["a", 2],
    ]);
    expect(groupsOf([alert({})], "none")[0]?.name).toBe("");
  });
});

describe("fromElsewhere", () => {
  const foreign = (labels: Record<string, string>, fingerprint: string): ForeignAlert => ({
    fingerprint,
    labels,
    annotations: {},
    startsAt: "2026-01-01T00:00:00Z",
    updatedAt: "",
    receivers: [],
    status: { state: "active", silencedBy: [], inhibitedBy: [], mutedBy: [] },
  });
  it("takes what no rule of ours has raised", () => {
    const found = fromElsewhere(
      [
        foreign({ alertname: "Disk" }, "d"),
        foreign({ alertname: "Slow" }, "f"),
        foreign({ alertname: "NoData", rulename: "Slow" }, "n"),
      ],
      [alert({})],
    );
    expect(found.map((each) => each.alert)).toEqual(["Disk"]);
    expect(groupsOf(found, "")[0]?.name).toBe("No model");
  });
});

describe("sentenceOf", () => {
  it("says how many, how bad, and who has them", () => {
    expect(sentenceOf([alert({})])).toBe(
      "1 alert fires on 1 model; the worst is P2; nobody has taken it yet.",
    );
    const taken = { by: "ana", at: null, until: null };
    expect(sentenceOf([alert({ acknowledged: taken }), alert({ silenced_by: ["x"] })])).toContain(
      "all are taken or silenced",
    );
    expect(sentenceOf([alert({ state: "error" })])).toContain("cannot tell");
    expect(sentenceOf([alert({ state: "pending" })])).toContain("1 alert is pending");
  });
});

it("searches labels and texts", () => {
  const one = alert({ labels: { origin: "LGA" }, silenced_by: ["x"] });
  expect(isShown(one, " lga ", false)).toBe(true);
  expect(isShown(one, "", true)).toBe(false);
  expect(isShown(one, "jfk", false)).toBe(false);
});
