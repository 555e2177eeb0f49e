import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { asking, type SilenceMatcher } from "./ask";
import { readMatcher, writeMatcher } from "./silencing";

const OPERATORS = [
  { value: "=", label: "is", isEqual: true, isRegex: false },
  { value: "!=", label: "is not", isEqual: false, isRegex: false },
  { value: "=~", label: "matches", isEqual: true, isRegex: true },
  { value: "!~", label: "does not match", isEqual: false, isRegex: true },
];
const NEW: SilenceMatcher = { name: "", value: "", isRegex: false, isEqual: true };

/** Labels that must be met, one to a line; they live in the address. */
export function MatcherRows(props: {
  lines: string[];
  onLines: (lines: string[]) => void;
}): ReactNode {
  const { lines, onLines } = props;
  const alerts = useQuery(asking.alerts());
  const labels = (alerts.data?.alerts ?? []).map((alert) => alert.labels);
  const names = [...new Set(labels.flatMap(Object.keys))].sort();
  const read = lines.map((line) => readMatcher(line) ?? { ...NEW, name: line.trim() });
  const put = (place: number, matcher: SilenceMatcher | null) =>
    onLines(
      read.flatMap((each, at) => {
        const next = at === place ? matcher : each;
        return next === null ? [] : [next.name ? writeMatcher(next) : '=""'];
      }),
    );
  return (
    <fieldset className="matchers">
      <legend>Alerts whose label</legend>
      <datalist id="label-names">
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {read.map((matcher, place) => (
        <Row
          // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place; its name changes while one types.
          key={place}
          place={place}
          matcher={matcher}
          values={[...new Set(labels.map((each) => each[matcher.name] ?? "").filter(Boolean))]}
          onChange={(next) => put(place, next)}
        />
      ))}
      <button
        type="button"
        className="text-button"
        onClick={() => onLines([...lines.filter((line) => line.trim()), '=""'])}
      >
        Add a label
      </button>
    </fieldset>
  );
}

function Row(props: {
  place: number;
  matcher: SilenceMatcher;
  values: string[];
  onChange: (matcher: SilenceMatcher | null) => void;
}): ReactNode {
  const { place, matcher, values, onChange } = props;
  const operator = OPERATORS.find(
    (each) => each.isEqual === matcher.isEqual && each.isRegex === matcher.isRegex,
  );
  return (
    <div className="matcher">
      <input
        aria-label="Label"
        list="label-names"
        value={matcher.name.startsWith("=") ? "" : matcher.name}
        placeholder="label"
        onChange={(event) => onChange({ ...matcher, name: event.target.value })}
      />
      <select
        aria-label="How it is compared"
        value={operator?.value}
        onChange={(event) => {
          const next = OPERATORS.find((each) => each.value === event.target.value);
          if (next) onChange({ ...matcher, isEqual: next.isEqual, isRegex: next.isRegex });
        }}
      >
        {OPERATORS.map((each) => (
          <option key={each.value} value={each.value}>
            {each.label}
          </option>
        ))}
      </select>
      <input
        aria-label="Value"
        list={`values-${place}`}
        value={matcher.value}
        placeholder="value"
        onChange={(event) => onChange({ ...matcher, value: event.target.value })}
      />
      <datalist id={`values-${place}`}>
        {values.map((value) => (
          <option key={value} value={value} />
        ))}
      </datalist>
      <button
        type="button"
        className="icon-button"
        aria-label={`Take the label ${matcher.name} away`}
        onClick={() => onChange(null)}
      >
        ×
      </button>
    </div>
  );
}
