// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import type { Palette } from "../state/theme";
import { tip } from "./base";
import { distributionOption } from "./distribution";
import { bandRuns, positions, timelineOption } from "./timeline";

const palette = new Proxy({}, { get: (_target, name) => String(name) }) as Palette;
const sides = { reference: "before", current: "after" };

describe("tooltips", () => {
  it("show text from the data as text", () => {
    const node = tip("<img src=x onerror=alert(1)>", [{ name: "<b>a</b>", value: "</script>" }]);
    expect(node.querySelector("img")).toBeNull();
    expect(node.textContent).toContain("<img src=x onerror=alert(1)>");
    expect(node.textContent).toContain("</script>");
  });
});

describe("distribution", () => {
  const distribution = {
    kind: "numeric" as const,
    edges: [0, 1, 2],
    reference: [0.25, 0.75],
    current: [0.5, 0.5],
  };
  const option = distributionOption(distribution, { name: "x", sides })(palette);

  it("lays both sides over each other on the common edges, reference grey, current in the accent", () => {
    expect(option.series.map((each) => each.data)).toEqual([
      [
        [0, 0.25],
        [1, 0.75],
        [2, 0.75],
      ],
      [
        [0, 0.5],
        [1, 0.5],
        [2, 0.5],
      ],
    ]);
    expect(option.series.map((each) => each.lineStyle.color)).toEqual(["reference", "accent"]);
  });

  it("starts shares at zero", () => {
    expect(option.yAxis.min).toBe(0);
  });
});

describe("timeline", () => {
  const window = (start: string, rows: number) => ({
    start,
    end: null,
    name: start.slice(0, 10),
    rows,
    verdict: "stable" as const,
    drifted: 0,
    headline: "",
  });
  const windows = [
    window("2013-04-01T00:00:00Z", 900),
    window("2013-05-01T00:00:00Z", 0),
    window("2013-06-01T00:00:00Z", 20),
  ];
  const points = [{ value: 0.6, low: 0.5, high: 0.7 }, null, { value: 0.4, low: 0.1, high: 0.8 }];

  it("breaks the band and the line where a window has no rows", () => {
    expect(bandRuns(points, [1, 2, 3])).toEqual([[[1, 0.5, 0.7]], [[3, 0.1, 0.8]]]);
    const option = timelineOption({ title: "Precision", windows, points })(palette);
    const line = option.series[0] as unknown as {
      data: { value: unknown[] }[];
      connectNulls: boolean;
    };
    expect(line.connectNulls).toBe(false);
    expect(line.data[1]?.value[1]).toBeNull();
  });

  it("marks windows of few rows hollow", () => {
    const option = timelineOption({ title: "Precision", windows, points })(palette);
    const line = option.series[0] as unknown as { data: { itemStyle: { color: string } }[] };
    expect([line.data[0]?.itemStyle.color, line.data[2]?.itemStyle.color]).toEqual([
      "accent",
      "paper",
    ]);
  });

  it("stands windows without a time side by side", () => {
    expect(positions([{ ...windows[0], start: null } as never])).toEqual({
      at: [0],
      isTime: false,
    });
  });
});
