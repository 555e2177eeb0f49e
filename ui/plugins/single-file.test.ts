import { describe, expect, it } from "vitest";
import { escapeScript } from "./single-file";

describe("script inside a page", () => {
  it("can neither end its element nor open another", () => {
    const code = 'const a = "</script>", b = "<!--", c = "<script>";';
    const safe = escapeScript(code);
    expect(safe).not.toMatch(/<\/script|<!--|<script/i);
    // The strings still mean the same.
    expect(new Function(`${safe} return a + b + c;`)()).toBe("</script><!--<script>");
  });
});
