// @vitest-environment jsdom
import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import small from "../../fixtures/comparison.json";
import { readDocument } from "./payload";

function hold(text: string, encoding?: string): void {
  const holder = document.createElement("script");
  holder.id = "watchkeeper-document";
  holder.type = "application/json";
  if (encoding) holder.dataset.encoding = encoding;
  holder.textContent = text;
  document.body.replaceChildren(holder);
}

describe("the data that a page carries", () => {
  beforeEach(() => document.body.replaceChildren());

  it("reads plain JSON", async () => {
    hold(JSON.stringify(small));
    expect(await readDocument(document)).toEqual(small);
  });

  it("reads packed JSON", async () => {
    hold(gzipSync(JSON.stringify(small)).toString("base64"), "gzip+base64");
    expect(await readDocument(document)).toEqual(small);
  });

  it.each([
    ["no data", () => {}, /template/],
    ["cut JSON", () => hold('{"schema_version": "1.0", '), /damaged/],
    ["cut gzip", () => hold("H4sIAAAA", "gzip+base64"), /damaged/],
    ["something else", () => hold("[1]"), /not a Watchkeeper report/],
    [
      "a later schema",
      () => hold('{"schema_version": "2.0", "kind": "track"}'),
      /schema version 2\.0/,
    ],
    ["an unknown kind", () => hold('{"schema_version": "1.0", "kind": "x"}'), /kind x/],
  ])("says what is wrong with %s", async (_name, make, message) => {
    make();
    await expect(readDocument(document)).rejects.toThrow(message);
  });
});
