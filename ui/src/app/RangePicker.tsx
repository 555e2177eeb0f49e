import { Popover } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { navigate, useRoute } from "../state/route";
import { rangeOf } from "./range";
import { RANGES, rangeWords } from "./search";
import { edge, useZone, zoneName } from "./zone";

export interface Range {
  /** In the server's words. */
  window: string;
  /** Whether nobody chose it: it is the last with data, since there is none up to now. */
  isStale: boolean;
  /** When the last prediction came. */
  last: string | null;
}

/** The range of the page; where nothing came of late and none is chosen, the last with data. */
export function useRange(last: string | null, preferred?: string | null): Range {
  const { query } = useRoute();
  const { window, isStale } = rangeOf(query, last, preferred);
  return { window, isStale, last };
}

/** Goes to another range, as an address of its own. */
export function chooseRange(
  query: Record<string, string>,
  path: string[],
  chosen: { window: string } | { from: string; to: string },
): void {
  const { window: _window, from: _from, to: _to, ...rest } = query;
  navigate({ path, query: { ...rest, ...chosen } });
}

/** The range above all that is below, and what changes it. */
export function RangePicker({ range }: { range: Range }): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const { path, query } = useRoute();
  const [zone] = useZone();
  const choose = (chosen: { window: string } | { from: string; to: string }) => {
    chooseRange(query, path, chosen);
    setOpen(false);
  };
  const words = rangeWords(range.window, (iso) => edge(iso, zone));
  return (
    <span className="range">
      <Popover opened={isOpen} onChange={setOpen} position="bottom-end" trapFocus shadow="md">
        <Popover.Target>
          <button
            type="button"
            className="button"
            aria-haspopup="dialog"
            aria-expanded={isOpen}
            onClick={() => setOpen(!isOpen)}
          >
            {words.charAt(0).toUpperCase() + words.slice(1)}{" "}
            <span className="faint">{zoneName(zone)}</span>
          </button>
        </Popover.Target>
        <Popover.Dropdown>
          <RangeForm range={range} onChoose={choose} />
        </Popover.Dropdown>
      </Popover>
    </span>
  );
}

function RangeForm(props: {
  range: Range;
  onChoose: (chosen: { window: string } | { from: string; to: string }) => void;
}): ReactNode {
  const [from, to] = props.range.window.includes("..") ? props.range.window.split("..") : [];
  const isLatest = props.range.window.startsWith("latest:") || props.range.isStale;
  const [upTo, setUpTo] = useState(isLatest ? "latest:" : "");
  const submit = (form: FormData) => {
    const [start, end] = [form.get("from"), form.get("to")].map(String);
    if (start && end && start < end) props.onChoose({ from: utc(start), to: utc(end) });
  };
  return (
    <div className="range-form">
      <fieldset className="choices" aria-label="Up to">
        {[
          { value: "", label: "up to now" },
          { value: "latest:", label: "up to the last data" },
        ].map((option) => (
          <button
            key={option.value}
            type="button"
            aria-pressed={option.value === upTo}
            onClick={() => setUpTo(option.value)}
          >
            {option.label}
          </button>
        ))}
      </fieldset>
      <ul>
        {RANGES.map((each) => (
          <li key={each.value}>
            <button
              type="button"
              className="text-button"
              aria-current={props.range.window === `${upTo}${each.value}` ? "true" : undefined}
              onClick={() => props.onChoose({ window: `${upTo}${each.value}` })}
            >
              {each.label}
            </button>
          </li>
        ))}
        <li>
          <button
            type="button"
            className="text-button"
            onClick={() => props.onChoose({ window: "all" })}
          >
            All data
          </button>
        </li>
      </ul>
      <form action={submit}>
        <label>
          From (UTC)
          <input type="datetime-local" name="from" required defaultValue={from?.slice(0, 16)} />
        </label>
        <label>
          To (UTC)
          <input type="datetime-local" name="to" required defaultValue={to?.slice(0, 16)} />
        </label>
        <button type="submit" className="button">
          Show this range
        </button>
      </form>
    </div>
  );
}

const utc = (text: string): string => `${text.slice(0, 16)}:00Z`;
