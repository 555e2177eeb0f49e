import { describe, expect, it } from "vitest";
import { formatSearch, parseSearch } from "../search";
import { whyNot } from "./NewSilencePage";
import { meets, readMatcher, silenceRoute, writeMatcher } from "./silencing";
import { secondsOf } from "./Until";

describe("matchers", () => {
  it("are read and written alike", () => {
    for (const text of ['model="flights"', 'severity=~"P0|P1"', 'team!="a \\"b\\""', 'x!~".+"']) {
      const found = readMatcher(text);
      expect(found && writeMatcher(found)).toBe(text);
    }
    expect(readMatcher("model=flights")?.value).toBe("flights");
    expect(readMatcher("nothing")).toBeNull();
    expect(readMatcher('a="open')).toBeNull();
  });
  it("match the whole value", () => {
    const matcher = readMatcher('severity=~"P0|P1"');
    expect(matcher && meets(matcher, { severity: "P1" })).toBe(true);
    expect(matcher && meets(matcher, { severity: "P10" })).toBe(false);
    const broken = readMatcher('a=~"("');
    expect(broken && meets(broken, { a: "(" })).toBe(false);
  });
  it("must not silence everything", () => {
    const all = readMatcher('team=~".*"');
    expect(all && whyNot([all])).toContain("every alert");
    expect(whyNot([])).toContain("at least one");
  });
  it("go through the address, also where several have one name", () => {
    const { query } = silenceRoute({ model: "a/b", alertname: "Späte & mehr", severity: "P1" });
    expect(query.matcher.split("\n")).toHaveLength(2);
    expect(parseSearch(formatSearch(query))).toEqual(query);
    expect(parseSearch("?fingerprint=a&fingerprint=b").fingerprint).toBe("a\nb");
  });
});

describe("secondsOf", () => {
  it("reads lengths", () => {
    expect(secondsOf("1h30m")).toBe(5400);
    expect(secondsOf("2w")).toBe(1_209_600);
    expect(secondsOf("1.5h")).toBe(5400);
    expect(secondsOf("soon")).toBeNull();
    expect(secondsOf("0s")).toBeNull();
  });
});
