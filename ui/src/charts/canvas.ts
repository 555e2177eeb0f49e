import { DataZoomInsideComponent } from "echarts/components";
import { graphic, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { type Pen, type Pyramid, type Stretch, trace } from "./pyramid";

/** For charts of many points; apart, since the one-file report has none and must stay small. */
use([CanvasRenderer, DataZoomInsideComponent]);

/** The name of a line that draws itself from a pyramid. */
export const LONG_LINE = "watchkeeper-long-line";

export interface LongLine {
  pyramid: Pyramid;
  stretch: Stretch;
}

graphic.registerShape(
  LONG_LINE,
  graphic.extendShape({
    type: LONG_LINE,
    shape: {},
    buildPath: (pen: Pen, shape: unknown) => {
      const { pyramid, stretch } = shape as LongLine;
      if (pyramid) trace(pen, pyramid, stretch);
    },
  }),
);
