import { useRoute } from "../../state/route";
import { hoursOf } from "../hours";
import { chooseRange } from "../RangePicker";
import { useLooked } from "./at";

/** What a click and a brush do on every chart over time of a model. */
export function useTimes(stepMs: number) {
  const { path, query } = useRoute();
  const [looked, look] = useLooked();
  return {
    looked,
    onPickAt: (start: number) => {
      if (Number.isFinite(start)) look(start, start + stepMs);
    },
    onBrush: (from: number, to: number) => {
      const { at: _at, ...rest } = query;
      chooseRange(rest, path, hoursOf(from, to));
    },
  };
}
