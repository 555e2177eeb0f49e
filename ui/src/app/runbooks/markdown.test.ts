import { describe, expect, it } from "vitest";
import { blocksOf, inlineOf, stepIdOf } from "./markdown";

describe("blocksOf", () => {
  it("reads what runbooks have", () => {
    const kinds = blocksOf(
      "# Title\n\nSome\ntext.\n\n- one\n  more\n- two\n\n```wk-step\nid: still-late\n```\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\n> said\n\n---\n",
    ).map((block) => block.kind);
    expect(kinds).toEqual(["heading", "paragraph", "list", "code", "table", "quote", "rule"]);
  });
  it("keeps lines of an item together", () => {
    const [list] = blocksOf("1. one\n   more\n2. two");
    expect(list).toMatchObject({ kind: "list", isOrdered: true });
    expect(list?.kind === "list" && list.items).toHaveLength(2);
  });
  it("ends with the text, though a fence is open", () => {
    expect(blocksOf("```\nx")).toEqual([{ kind: "code", language: "", text: "x" }]);
  });
});

describe("inlineOf", () => {
  it("reads code, strong text and links", () => {
    expect(inlineOf("a **b** `c` [d](https://e.org)").map((part) => part.kind)).toEqual([
      "text",
      "strong",
      "text",
      "code",
      "text",
      "link",
    ]);
  });
  it("takes what is escaped as it is", () => {
    const parts = inlineOf("latency\\_p95 \\< 200 \\`x\\`");
    expect(parts.map((part) => part.text).join("")).toBe("latency_p95 < 200 `x`");
    expect(parts.every((part) => part.kind === "text")).toBe(true);
  });
  it("makes no link of what could run", () => {
    expect(inlineOf("[x](javascript:alert(1))").some((part) => part.kind === "link")).toBe(false);
    expect(inlineOf("[x](//evil.org)").some((part) => part.kind === "link")).toBe(false);
    expect(inlineOf("<script>")).toEqual([{ kind: "text", text: "<script>" }]);
  });
});

it("knows the id of a step", () => {
  expect(stepIdOf("id: still-failing\ntitle: x")).toBe("still-failing");
  expect(stepIdOf("title: x")).toBe("");
});
