import type { ReactNode } from "react";
import { Icon } from "./icons";

interface Props {
  value: string;
  label: string;
  onChange: (value: string) => void;
}

/** The search of a page; '/' goes there from anywhere, Escape empties it. */
export function SearchBox({ value, label, onChange }: Props): ReactNode {
  return (
    <div className="search">
      <Icon name="search" />
      <input
        type="search"
        data-search
        aria-label={label}
        placeholder={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          onChange("");
          event.currentTarget.blur();
        }}
      />
      {value ? null : (
        <span className="slash" aria-hidden="true">
          /
        </span>
      )}
    </div>
  );
}

/** A choice of a few, all in sight. */
export function Choices(props: {
  label: string;
  value: string;
  options: { value: string; label: string }[];
  onChange: (value: string) => void;
}): ReactNode {
  return (
    <fieldset className="choices" aria-label={props.label}>
      {props.options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === props.value}
          onClick={() => props.onChange(option.value)}
        >
          {option.label}
        </button>
      ))}
    </fieldset>
  );
}
