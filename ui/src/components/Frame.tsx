import { type ReactNode, useRef } from "react";
import { navigate, useRoute } from "../state/route";
import { Icon, type IconName, Sign } from "./icons";
import { ALONG, FootButtons, focusSearch, type KeyLine, KeysDialog, LIGHTS, useKeys } from "./Keys";
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

/** Keys beside those that search and go somewhere. */
const KEYS: KeyLine[] = [
  ALONG,
  ["[j] [k]", "next and previous feature"],
  ["[Esc]", "back to the whole report"],
  LIGHTS,
];

/** What surrounds every page: navigation at the left, the comparison at the top. */
export function Frame({ places, bar, children }: Props): ReactNode {
  const help = useRef<HTMLDialogElement>(null);
  const route = useRoute();
  const showHelp = () => help.current?.showModal();
  const reached = places.map(({ id, title }) => ({
    key: title.charAt(0).toLowerCase(),
    title,
    go: () => goTo(id),
  }));
  useKeys({ places: reached, help: showHelp, search: goToSearch, leave: goToTop });
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
          <FootButtons onHelp={showHelp} />
        </div>
      </nav>
      <div className="body">
        <header className="bar">{bar}</header>
        <main className="page">{children}</main>
      </div>
      <KeysDialog ref={help} search="search the features" places={reached} lines={KEYS} />
    </div>
  );
}

/** Brings a part of the page into view, once it is drawn. */
export function scrollToPlace(id: string): void {
  requestAnimationFrame(() => document.getElementById(id)?.scrollIntoView());
}

function goTo(id: string): void {
  navigate({ path: [id], query: {} });
  scrollToPlace(id);
}

function goToTop(): void {
  navigate({ path: [], query: {} });
}

function goToSearch(event: KeyboardEvent): void {
  event.preventDefault();
  // At once where the field is there: what is typed next belongs into it.
  if (focusSearch()) return;
  navigate({ path: ["drift"], query: {} });
  requestAnimationFrame(focusSearch);
}
