import type { ReactNode } from "react";
import type { OnCallNow, ScheduleShown } from "../../api/schema";
import { moment, useZone } from "../zone";
import { type Bar, barsOf, weeksFrom } from "./weeks";

const DAY = 86_400_000;
const HUES = 6;

/** Shifts week by week; each person has a hue and a name. */
export function Calendar({ now, weeks }: { now: OnCallNow; weeks: number }): ReactNode {
  const [zone] = useZone();
  const at = Date.parse(now.at);
  const starts = weeksFrom(at, weeks + 1, zone === "local");
  const people = [
    ...new Set(now.schedules.flatMap((each) => each.shifts.map((shift) => shift.user))),
  ].sort();
  const last = at + weeks * 7 * DAY;
  return (
    <div className="weeks">
      {starts
        .filter((start) => start < last)
        .map((start, place) => (
          <Week
            key={start}
            start={start}
            end={starts[place + 1] ?? start + 7 * DAY}
            now={at}
            schedules={now.schedules}
            people={people}
          />
        ))}
    </div>
  );
}

function Week(props: {
  start: number;
  end: number;
  now: number;
  schedules: ScheduleShown[];
  people: string[];
}): ReactNode {
  const { start, end, now, schedules, people } = props;
  const [zone] = useZone();
  const days = Array.from({ length: 7 }, (_, day) => start + day * DAY + DAY / 2);
  const name = (at: number) =>
    new Date(at).toLocaleDateString("en-GB", {
      weekday: "short",
      day: "numeric",
      month: "short",
      ...(zone === "UTC" ? { timeZone: "UTC" } : {}),
    });
  const place = (now - start) / (end - start);
  return (
    <section className="week" aria-label={`Week of ${name(days[0] ?? start)}`}>
      <div className="week-days" aria-hidden="true">
        {days.map((at) => (
          <span key={at}>{name(at)}</span>
        ))}
      </div>
      {schedules.map((schedule) => (
        <div className="lane" key={schedule.schedule}>
          <span className="lane-name">{schedule.schedule}</span>
          <ul className="lane-bars">
            {barsOf(schedule, start, end).map((bar) => (
              <OneBar key={`${bar.start}${bar.user}`} bar={bar} people={people} />
            ))}
            {place > 0 && place < 1 ? (
              <li className="now-line" style={{ left: `${place * 100}%` }} aria-hidden="true" />
            ) : null}
          </ul>
        </div>
      ))}
    </section>
  );
}

function OneBar({ bar, people }: { bar: Bar; people: string[] }): ReactNode {
  const [zone] = useZone();
  const show = (at: number) => moment(new Date(at).toISOString(), zone);
  const who = bar.user ?? "nobody";
  const isOverride = bar.layer === "override";
  const title = `${who}, ${show(bar.start)} to ${show(bar.end)}${isOverride ? ", as an override" : ""}`;
  const hue = bar.user === null ? "gap" : `hue-${people.indexOf(bar.user) % HUES}`;
  return (
    <li
      className={`shift ${hue}${isOverride ? " override" : ""}`}
      style={{ left: `${bar.left * 100}%`, width: `${bar.width * 100}%` }}
      title={title}
    >
      <span aria-hidden="true">{bar.user === null && bar.width < 0.12 ? "" : who}</span>
      <span className="hidden-visually">{title}</span>
    </li>
  );
}
