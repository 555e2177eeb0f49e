import { type ReactNode, useState } from "react";
import { moment, useZone, zoneName } from "../zone";

const LENGTHS = [
  { value: "30m", label: "30 min" },
  { value: "2h", label: "2 h" },
  { value: "8h", label: "8 h" },
  { value: "1d", label: "1 day" },
  { value: "1w", label: "1 week" },
];
const UNITS: Record<string, number> = { m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds of a length such as '2h', '1h30m' or '90m'; null where it is none. */
export function secondsOf(text: string): number | null {
  const clean = text.replaceAll(" ", "").toLowerCase();
  if (!/^(\d+(\.\d+)?[smhdw])+$/.test(clean)) return null;
  let total = 0;
  for (const [, amount, unit] of clean.matchAll(/(\d+(?:\.\d+)?)([smhdw])/g)) {
    total += Number(amount) * (unit === "s" ? 1 : (UNITS[unit ?? ""] ?? 0));
  }
  return total > 0 ? total : null;
}

/** How long something lasts: a few usual lengths, or one that is typed; it shows when that ends. */
export function Until(props: { initial: string; label: string }): ReactNode {
  const [length, setLength] = useState(props.initial);
  const [zone] = useZone();
  const seconds = secondsOf(length);
  const end = seconds === null ? null : new Date(Date.now() + seconds * 1000).toISOString();
  return (
    <>
      <label htmlFor="length">{props.label}</label>
      <div className="lengths">
        <fieldset className="choices" aria-label="Usual lengths">
          {LENGTHS.map((each) => (
            <button
              key={each.value}
              type="button"
              aria-pressed={each.value === length}
              onClick={() => setLength(each.value)}
            >
              {each.label}
            </button>
          ))}
        </fieldset>
        <input
          id="length"
          size={6}
          value={length}
          required
          aria-invalid={seconds === null}
          onChange={(event) => setLength(event.target.value)}
        />
      </div>
      <input type="hidden" name="until" value={end ?? ""} />
      <p className={end ? "faint" : "tone-fail"}>
        {end
          ? `Ends on ${moment(end, zone)} ${zoneName(zone)}.`
          : "Write a length such as 30m, 2h or 1d."}
      </p>
    </>
  );
}
