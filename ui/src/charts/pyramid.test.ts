import { describe, expect, it } from "vitest";
import { levelFor, pyramidOf, trace } from "./pyramid";

const wave = Array.from({ length: 9000 }, (_, place) => Math.fround(Math.sin(place / 50)));

/** What was drawn: runs of points. */
function runsOf(values: (number | null)[], from: number, to: number, pieces: number) {
  const runs: [number, number][][] = [];
  trace(
    {
      moveTo: (x, y) => runs.push([[x, y]]),
      lineTo: (x, y) => runs.at(-1)?.push([x, y]),
    },
    pyramidOf(values),
    { x: 0, dx: 1, y: 0, dy: 1, from, to, pieces },
  );
  return runs;
}

describe("pyramid", () => {
  it("has no more pieces than are asked for, and not far fewer", () => {
    const pyramid = pyramidOf(wave);
    for (const length of [100, 1000, 9000]) {
      const { size } = levelFor(pyramid, length, 600);
      expect(length / size).toBeLessThanOrEqual(600);
      expect(size === 1 || length / size > 150).toBe(true);
    }
  });
  it("keeps a peak at every level", () => {
    const values: (number | null)[] = Array.from({ length: 9000 }, () => 1);
    values[5003] = 9;
    values[7001] = -4;
    for (const level of pyramidOf(values).levels) {
      expect(Math.max(...level.high)).toBe(9);
      expect(Math.min(...level.low)).toBe(-4);
    }
  });
});

describe("trace", () => {
  it("goes through each value where they have room", () => {
    expect(runsOf([1, 2, 3], 0, 3, 600)).toEqual([
      [
        [0, 1],
        [1, 2],
        [2, 3],
      ],
    ]);
  });
  it("leaves gaps open, and makes a dot of a value alone", () => {
    expect(runsOf([1, 2, null, 5, null, null, 7, 8], 0, 8, 600)).toEqual([
      [
        [0, 1],
        [1, 2],
      ],
      [
        [3, 5],
        [4, 5],
      ],
      [
        [6, 7],
        [7, 8],
      ],
    ]);
  });
  it("draws few points of many, and those that are seen alone", () => {
    const all = runsOf(wave, 0, 9000, 600).flat();
    expect(all.length).toBeLessThan(1210);
    expect(Math.max(...all.map(([, y]) => y))).toBe(Math.max(...wave));
    const seen = runsOf(wave, 4000, 4500, 600).flat();
    expect(seen.length).toBeLessThan(510);
    expect(Math.min(...seen.map(([x]) => x))).toBeGreaterThan(3990);
  });
});
