import { describe, expect, it } from "vitest";
import { bytes } from "./bytes";

describe("bytes", () => {
  it("counts by thousands", () => {
    expect(bytes(0)).toBe("0 B");
    expect(bytes(999)).toBe("999 B");
    expect(bytes(1420)).toBe("1.42 kB");
    expect(bytes(67_998_466_048)).toBe("68.0 GB");
    expect(bytes(null)).toBe("–");
  });
});
