import { type ReactNode, useEffect, useRef } from "react";
import { navigate, useRoute } from "../state/route";
import { toggleTheme, useTheme } from "../state/theme";
import { Icon, type IconName, Sign } from "./icons";
import { Link } from "./Link";
import { useSectionInView } from "./useSectionInView";

export interface Place {
  id: string;
  title: string;
  icon: IconName;
  tally?: string;
  isLoud?: boolean;
}

interface Props {
  places: Place[];
  bar: ReactNode;
  children: ReactNode;
}

/** What surrounds every page: navigation at the left, the comparison at the top. */
export function Frame({ places, bar, children }: Props): ReactNode {
  const help = useRef<HTMLDialogElement>(null);
  const route = useRoute();
  const theme = useTheme();
  useKeys(() => help.current?.showModal(), places);
  const detail = { feature: "drift", window: "windows" }[route.path[0] ?? ""];
  const inView = useSectionInView(
    places.map((place) => place.id),
    detail === undefined,
  );
  const here = detail ?? inView;
  return (
    <div className="frame">
      <nav className="nav" aria-label="Parts of the report">
        <div className="brand">
          <Sign />
          <span>Watchkeeper</span>
        </div>
        <ul>
          {places.map((place) => (
            <li key={place.id}>
              <Link
                to={{ path: [place.id], query: {} }}
                isCurrent={here === place.id}
                onGo={() => scrollToPlace(place.id)}
                label={place.title}
              >
                <Icon name={place.icon} />
                <span className="label">{place.title}</span>
                {place.tally ? (
                  <span className={place.isLoud ? "tally fail" : "tally"}>{place.tally}</span>
                ) : null}
              </Link>
            </li>
          ))}
        </ul>
        <div className="nav-foot">
          <button
            type="button"
            className="icon-button"
            onClick={toggleTheme}
            aria-label={theme === "dark" ? "Switch to light" : "Switch to dark"}
            title={theme === "dark" ? "Switch to light" : "Switch to dark"}
          >
            <Icon name="theme" />
          </button>
          <button
            type="button"
            className="icon-button"
            onClick={() => help.current?.showModal()}
            aria-label="Show keys"
            title="Show keys (?)"
          >
            <Icon name="help" />
          </button>
        </div>
      </nav>
      <div className="body">
        <header className="bar">{bar}</header>
        <main className="page">{children}</main>
      </div>
      <Help ref={help} places={places} />
    </div>
  );
}

/** Brings a part of the page into view, once it is drawn. */
export function scrollToPlace(id: string): void {
  requestAnimationFrame(() => document.getElementById(id)?.scrollIntoView());
}

function Help({
  ref,
  places,
}: {
  ref: React.RefObject<HTMLDialogElement | null>;
  places: Place[];
}): ReactNode {
  return (
    <dialog ref={ref} aria-labelledby="help-title">
      <h2 id="help-title">Keys</h2>
      <dl>
        <dt>
          <kbd>/</kbd>
        </dt>
        <dd>search the features</dd>
        {places.map((place) => (
          <div key={place.id} style={{ display: "contents" }}>
            <dt>
              <kbd>g</kbd> <kbd>{place.title.charAt(0).toLowerCase()}</kbd>
            </dt>
            <dd>go to {place.title.toLowerCase()}</dd>
          </div>
        ))}
        <dt>
          <kbd>↑</kbd> <kbd>↓</kbd> <kbd>Enter</kbd>
        </dt>
        <dd>move along a table, open a row</dd>
        <dt>
          <kbd>j</kbd> <kbd>k</kbd>
        </dt>
        <dd>next and previous feature</dd>
        <dt>
          <kbd>Esc</kbd>
        </dt>
        <dd>back to the whole report</dd>
        <dt>
          <kbd>t</kbd>
        </dt>
        <dd>light or dark</dd>
      </dl>
      <button type="button" className="button close" onClick={() => ref.current?.close()}>
        Close
      </button>
    </dialog>
  );
}

function useKeys(showHelp: () => void, places: Place[]): void {
  const latest = useRef({ showHelp, places });
  latest.current = { showHelp, places };
  useEffect(() => {
    let isGoing = false;
    const press = (event: KeyboardEvent) => {
      const isTyping =
        event.target instanceof Element && event.target.closest("input, select, textarea, dialog");
      if (isTyping || event.metaKey || event.ctrlKey || event.altKey) return;
      if (isGoing) {
        isGoing = false;
        const place = latest.current.places.find((each) =>
          each.title.toLowerCase().startsWith(event.key),
        );
        if (place) goTo(place.id);
      } else if (event.key === "g") isGoing = true;
      else if (event.key === "?") latest.current.showHelp();
      else if (event.key === "t") toggleTheme();
      else if (event.key === "/") {
        event.preventDefault();
        goToSearch();
      } else if (event.key === "Escape") navigate({ path: [], query: {} });
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

function goTo(id: string): void {
  navigate({ path: [id], query: {} });
  scrollToPlace(id);
}

function goToSearch(): void {
  const focus = () => {
    const field = document.querySelector<HTMLInputElement>("input[data-search]");
    field?.focus();
    field?.scrollIntoView({ block: "center" });
    return field !== null;
  };
  // At once where the field is there: what is typed next belongs into it.
  if (focus()) return;
  navigate({ path: ["drift"], query: {} });
  requestAnimationFrame(focus);
}
