import { describe, expect, it } from "vitest";
import { ticksOf, valueText } from "./units";

describe("valueText", () => {
  it("writes a value as people read its unit", () => {
    expect(valueText(0.1234, "share")).toBe("12.3 %");
    expect(valueText(9000, "s")).toBe("2 h 30 min");
    expect(valueText(14.15, "ms")).toBe("14.2 ms");
    expect(valueText(0.03, null)).toBe("0.0300");
    expect(valueText(null, "ms")).toBe("–");
  });
});

describe("ticksOf", () => {
  it("is as short as the ticks are round", () => {
    expect(ticksOf(null)?.(1).format(0.03)).toBe("0.03");
    expect(ticksOf("ms")?.(20).format(10)).toBe("10 ms");
    const days = ticksOf("s")?.(300_000);
    expect(days?.scale).toBe(86_400);
    expect(days?.format(172_800)).toBe("2 d");
    expect(ticksOf("s")?.(90).format(60)).toBe("60 s");
    expect(ticksOf("share")).toBeUndefined();
  });
});
