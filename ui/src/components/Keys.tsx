import { type ReactNode, type RefObject, useEffect, useRef } from "react";
import { toggleTheme, useTheme } from "../state/theme";
import { Icon, type IconName } from "./icons";

/** Where `g` and a letter goes. */
export interface Reached {
  key: string;
  title: string;
  go: () => void;
}

interface Keys {
  places: Reached[];
  help: () => void;
  /** `/` was pressed. */
  search: (event: KeyboardEvent) => void;
  /** Escape was pressed. */
  leave?: () => void;
}

const WRITTEN_IN = "input, select, textarea, dialog, [contenteditable]";

/** `g` and a letter goes somewhere, `/` searches, `?` helps, `t` turns the lights off. */
export function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    let isGoing = false;
    const press = (event: KeyboardEvent) => {
      const isTyping = event.target instanceof Element && event.target.closest(WRITTEN_IN);
      if (isTyping || event.metaKey || event.ctrlKey || event.altKey) return;
      const { places, help, search, leave } = latest.current;
      if (isGoing) {
        isGoing = false;
        places.find((place) => place.key === event.key)?.go();
      } else if (event.key === "g") isGoing = true;
      else if (event.key === "?") help();
      else if (event.key === "t") toggleTheme();
      else if (event.key === "/") search(event);
      else if (event.key === "Escape") leave?.();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

/** Puts the cursor into the field that searches; false where the page has none. */
export function focusSearch(): boolean {
  const field = document.querySelector<HTMLInputElement>("input[data-search]");
  field?.focus();
  field?.scrollIntoView({ block: "center" });
  return field !== null;
}

/** Light or dark, and the keys: at the foot of the navigation. */
export function FootButtons({ onHelp }: { onHelp: () => void }): ReactNode {
  const other = useTheme() === "dark" ? "Switch to light" : "Switch to dark";
  return (
    <>
      <IconButton icon="theme" label={other} onPress={toggleTheme} />
      <IconButton icon="help" label="Show keys" title="Show keys (?)" onPress={onHelp} />
    </>
  );
}

function IconButton(props: {
  icon: IconName;
  label: string;
  title?: string;
  onPress: () => void;
}): ReactNode {
  return (
    <button
      type="button"
      className="icon-button"
      onClick={props.onPress}
      aria-label={props.label}
      title={props.title ?? props.label}
    >
      <Icon name={props.icon} />
    </button>
  );
}

/** What is pressed, and what that does. Keys stand in brackets: '[Shift] drag'. */
export type KeyLine = readonly [pressed: string, does: string];

export const ALONG: KeyLine = ["[↑] [↓] [Enter]", "move along a table, open a row"];
export const LIGHTS: KeyLine = ["[t]", "light or dark"];

/** The keys of all pages. */
export function KeysDialog(props: {
  ref: RefObject<HTMLDialogElement | null>;
  /** What `/` searches. */
  search: string;
  places: Reached[];
  lines: readonly KeyLine[];
}): ReactNode {
  const { ref, places } = props;
  const lines: KeyLine[] = [
    ["[/]", props.search],
    ...places.map(({ key, title }): KeyLine => [`[g] [${key}]`, `go to ${title.toLowerCase()}`]),
    ...props.lines,
  ];
  return (
    <dialog ref={ref} aria-labelledby="keys-title">
      <h2 id="keys-title">Keys</h2>
      <dl>
        {lines.map(([pressed, does]) => (
          <div key={does} style={{ display: "contents" }}>
            <dt>{pressedParts(pressed)}</dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <button type="button" className="button close" onClick={() => ref.current?.close()}>
        Close
      </button>
    </dialog>
  );
}

const pressedParts = (text: string): ReactNode[] =>
  text
    .split(/\[(.+?)\]/)
    // Every second part stood in brackets.
    .map((part, place) => (place % 2 ? <kbd key={part}>{part}</kbd> : part));
