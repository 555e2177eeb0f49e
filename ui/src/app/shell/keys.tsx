import { type ReactNode, type RefObject, useEffect, useRef } from "react";
import { navigate } from "../../state/route";
import { toggleTheme } from "../../state/theme";

interface Reached {
  path: string;
  title: string;
  key: string;
}

/** `g` and a letter goes somewhere, `/` searches, `?` helps, `t` turns the lights off. */
export function useAppKeys(places: Reached[], help: () => void): void {
  const latest = useRef({ places, help });
  latest.current = { places, help };
  useEffect(() => {
    let isGoing = false;
    const press = (event: KeyboardEvent) => {
      const isTyping =
        event.target instanceof Element &&
        event.target.closest("input, select, textarea, dialog, [contenteditable]");
      if (isTyping || event.metaKey || event.ctrlKey || event.altKey) return;
      if (isGoing) {
        isGoing = false;
        const place = latest.current.places.find((each) => each.key === event.key);
        if (place) navigate({ path: [place.path], query: {} });
      } else if (event.key === "g") isGoing = true;
      else if (event.key === "?") latest.current.help();
      else if (event.key === "t") toggleTheme();
      else if (event.key === "/") {
        const field = document.querySelector<HTMLInputElement>("input[data-search]");
        if (!field) return;
        event.preventDefault();
        field.focus();
        field.scrollIntoView({ block: "center" });
      }
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

export function KeysDialog({
  ref,
  places,
}: {
  ref: RefObject<HTMLDialogElement | null>;
  places: Reached[];
}): ReactNode {
  return (
    <dialog ref={ref} aria-labelledby="keys-title">
      <h2 id="keys-title">Keys</h2>
      <dl>
        <dt>
          <kbd>/</kbd>
        </dt>
        <dd>search</dd>
        {places.map((place) => (
          <div key={place.path} className="contents">
            <dt>
              <kbd>g</kbd> <kbd>{place.key}</kbd>
            </dt>
            <dd>go to {place.title.toLowerCase()}</dd>
          </div>
        ))}
        <dt>
          <kbd>↑</kbd> <kbd>↓</kbd> <kbd>Enter</kbd>
        </dt>
        <dd>move along a table, open a row</dd>
        <dt>
          <kbd>t</kbd>
        </dt>
        <dd>light or dark</dd>
        <dt>drag</dt>
        <dd>over a chart of time: show that range everywhere</dd>
        <dt>
          <kbd>Ctrl</kbd> or <kbd>⌘</kbd> wheel
        </dt>
        <dd>zoom in a chart of many points</dd>
        <dt>
          <kbd>Shift</kbd> drag or wheel
        </dt>
        <dd>move in it; a double click shows all</dd>
      </dl>
      <button type="button" className="button close" onClick={() => ref.current?.close()}>
        Close
      </button>
    </dialog>
  );
}
