import { describe, expect, it } from "vitest";
import { bodyOf, EMPTY, missing, moved, NEW_PANEL } from "./draft";

describe("bodyOf", () => {
  it("sends nothing that the panel does not have", () => {
    const panels = [
      { ...NEW_PANEL, title: " Words ", kind: "text" as const, text: "Look", metrics: ["psi"] },
      { ...NEW_PANEL, title: "Drift", metrics: ["psi"], segment: "origin:*" },
    ];
    expect(bodyOf({ ...EMPTY, title: "Mine ", panels })).toEqual({
      title: "Mine",
      panels: [
        { kind: "text", title: "Words", size: "half", text: "Look" },
        { kind: "lines", title: "Drift", size: "half", metrics: ["psi"], segment: "origin:*" },
      ],
    });
  });
});

describe("missing", () => {
  it("names what a panel needs", () => {
    expect(missing(NEW_PANEL)).toContain("title");
    expect(missing({ ...NEW_PANEL, title: "a" })).toContain("metric");
    expect(missing({ ...NEW_PANEL, title: "a", kind: "text" })).toContain("words");
    expect(missing({ ...NEW_PANEL, title: "a", kind: "alerts" })).toBe("");
  });
});

describe("moved", () => {
  it("moves within the list and never out of it", () => {
    expect(moved(["a", "b", "c"], 2, -1)).toEqual(["a", "c", "b"]);
    expect(moved(["a", "b"], 0, -1)).toEqual(["a", "b"]);
    expect(moved(["a", "b"], 1, 1)).toEqual(["a", "b"]);
  });
});
