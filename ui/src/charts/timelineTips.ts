import type { Num, TrackWindow } from "../api/document";
import { count, interval } from "../lib/format";
import { tip } from "./base";
import type { Timeline, TimelinePoint } from "./timeline";
import { cut } from "./timelineEvents";

/** What a window says where one points at it. */
export function windowTip(
  { windows, points, title, reference, events, isStrip }: Timeline,
  place: number,
  format: (value: number) => string,
): HTMLElement {
  const window = windows[place];
  const [from, to] = [window, windows[place + 1]].map((each) => Date.parse(each?.start ?? ""));
  const happened = (events ?? []).filter(
    ({ at }) => at >= (from ?? Number.NaN) && !(at >= (to ?? Number.NaN)),
  );
  const point = points[place];
  if (isStrip) return stripTip(window, point, format);
  const show = (value: Num | undefined) => (typeof value === "number" ? format(value) : "–");
  return tip(window?.name ?? "", [
    { name: title, value: show(point?.value) },
    { name: "interval", value: interval(point?.low, point?.high, (value) => show(value)) || "–" },
    ...(reference ? [{ name: "reference", value: show(reference.value) }] : []),
    { name: "rows", value: count(point?.n_current ?? window?.rows) },
    ...(point?.note ? [{ name: "note", value: point.note }] : []),
    ...happened.map((event) => ({ name: event.kind, value: cut(event.name) })),
  ]);
}

/** One line: the strips above and below say theirs at the same time. */
function stripTip(
  window: TrackWindow | undefined,
  point: TimelinePoint | null | undefined,
  format: (value: number) => string,
): HTMLElement {
  const show = (value: Num | undefined) => (typeof value === "number" ? format(value) : "–");
  const range = interval(point?.low, point?.high, (value) => show(value));
  return tip("", [
    {
      name: window?.name ?? "",
      value: `${show(point?.value)}${range ? ` (${range})` : ""}, ${count(point?.n_current ?? window?.rows)} rows`,
    },
  ]);
}
