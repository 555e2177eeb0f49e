import { describe, expect, it } from "vitest";
import { aloneIn, cutRule, problemsIn, putBack, scalar, setKey } from "./ruleText";

const FILE = `# Rules of the team.
groups:
  - name: service
    model: flights
    rules:
      # Errors.
      - alert: Errors
        expr: error_rate > 0.01
        annotations:
          summary: 'fails: {{ $value }}'

      - alert: Slow  # P95
        expr: latency_p95 > 200
  - name: data
    rules:
      - {alert: Flow, expr: volume < 1}
`;

describe("cutRule", () => {
  it("cuts one rule out and puts the same file together again", () => {
    const cut = cutRule(FILE, 7);
    expect(cut?.text.split("\n")[0]).toBe("- alert: Errors");
    expect(cut?.text).toContain("    summary: 'fails: {{ $value }}'");
    expect(cut?.text).not.toContain("Slow");
    expect(cut && putBack(cut, cut.text)).toBe(FILE);
  });
  it("ends before the next group", () => {
    expect(cutRule(FILE, 12)?.text).toBe("- alert: Slow  # P95\n  expr: latency_p95 > 200");
  });
  it("takes a rule out", () => {
    const cut = cutRule(FILE, 12);
    expect(cut && putBack(cut, null)).not.toContain("Slow");
  });
  it("leaves rules alone that are written on one line", () => {
    expect(cutRule(FILE, 16)).toBeNull();
  });
});

describe("setKey", () => {
  const rule = cutRule(FILE, 12)?.text ?? "";
  it("changes a value and keeps comments", () => {
    expect(setKey(rule, "expr", "latency_p95 > 300")).toContain("  expr: latency_p95 > 300");
    expect(setKey(rule, "alert", "Slower")).toBe(
      "- alert: Slower  # P95\n  expr: latency_p95 > 200",
    );
  });
  it("puts a new key where it usually stands", () => {
    expect(setKey(rule, "for", "1h").split("\n")[2]).toBe("  for: 1h");
    expect(setKey(rule, "severity", "P1").split("\n").at(-1)).toBe("  severity: P1");
  });
  it("takes a key away, with all of its lines", () => {
    const folded = "- alert: A\n  expr: >-\n    a > 1\n    && b > 2\n  for: 1h";
    expect(setKey(folded, "expr", "a > 3")).toBe("- alert: A\n  expr: a > 3\n  for: 1h");
    expect(setKey(folded, "for", null)).toBe("- alert: A\n  expr: >-\n    a > 1\n    && b > 2");
  });
  it("changes, makes and removes what is nested", () => {
    const told = cutRule(FILE, 7)?.text ?? "";
    const changed = setKey(told, "annotations.summary", "it: fails");
    expect(changed).toContain("    summary: 'it: fails'");
    expect(setKey(changed, "annotations.runbook", "drift")).toContain("    runbook: drift");
    expect(setKey(rule, "annotations.runbook", "drift")).toContain(
      "  annotations:\n    runbook: drift",
    );
    expect(setKey(told, "annotations.summary", null)).not.toContain("annotations");
  });
});

describe("scalar", () => {
  it("quotes what YAML would read as something else", () => {
    expect(scalar('psi("temp") > 0.2')).toBe('psi("temp") > 0.2');
    expect(scalar("{{ $value }}")).toBe("'{{ $value }}'");
    expect(scalar("it's: so")).toBe("'it''s: so'");
    expect(scalar("true")).toBe("'true'");
    expect(scalar("!absent(x)")).toBe("'!absent(x)'");
    expect(scalar("a # b")).toBe("'a # b'");
  });
});

describe("problemsIn", () => {
  it("moves places of the file to places of the rule", () => {
    const { head } = aloneIn({ name: "g", model: "m", interval: "1m", labels: {} }, "- alert: A");
    const said = "the rule file, line 8, column 9: expr: there is no metric 'x'\nnothing else";
    expect(problemsIn(said, head)).toEqual([
      { line: 3, column: 3, said: "expr: there is no metric 'x'" },
      { line: 0, column: 0, said: "nothing else" },
    ]);
  });
});
