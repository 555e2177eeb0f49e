import { useQuery } from "@tanstack/react-query";
import { Outlet, useLocation } from "@tanstack/react-router";
import { type ReactNode, useRef } from "react";
import { Icon, type IconName, Sign } from "../../components/icons";
import { FootButtons, KeysDialog, useKeys } from "../../components/Keys";
import { Link } from "../../components/Link";
import { navigate } from "../../state/route";
import { ask } from "../data/queries";
import { Account } from "../session/Account";
import { Gate } from "../session/Gate";
import { useZone, zoneName } from "../zone";
import { Away } from "./Away";
import { KEYS, search } from "./keys";

interface Place {
  path: string;
  title: string;
  icon: IconName;
  key: string;
  tally?: number;
}

/** What surrounds every page, for whoever may see it. */
export function Shell(): ReactNode {
  return (
    <Gate>
      <Surroundings />
    </Gate>
  );
}

/** Pages that belong to a place though their addresses begin otherwise. */
const ALSO: Record<string, string[]> = { "/alerts": ["/silences"], "/runbooks": ["/runs"] };

/** Where one can go, and what holds for all pages. */
function Surroundings(): ReactNode {
  const { pathname } = useLocation();
  const places = usePlaces();
  const help = useRef<HTMLDialogElement>(null);
  const showHelp = () => help.current?.showModal();
  const reached = places.map(({ path, ...place }) => ({
    ...place,
    go: () => navigate({ path: [path], query: {} }),
  }));
  useKeys({ places: reached, help: showHelp, search });
  const here = (path: string) =>
    path === "/"
      ? pathname === "/" || pathname.startsWith("/models/")
      : [path, ...(ALSO[path] ?? [])].some((each) => pathname.startsWith(each));
  return (
    <div className="frame app">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <nav className="nav" aria-label="Watchkeeper">
        <div className="brand">
          <Sign />
          <span>Watchkeeper</span>
        </div>
        <ul>
          {places.map((place) => (
            <li key={place.path}>
              <Link to={{ path: [place.path], query: {} }} isCurrent={here(place.path)}>
                <Icon name={place.icon} />
                <span className="label">{place.title}</span>
                {place.tally ? (
                  <span className="tally fail">
                    {place.tally}
                    <span className="hidden-visually"> open</span>
                  </span>
                ) : null}
              </Link>
            </li>
          ))}
        </ul>
        <div className="nav-foot">
          <Account />
          <ZoneSwitch />
          <FootButtons onHelp={showHelp} />
        </div>
      </nav>
      <div className="body" id="main">
        <Away />
        <Outlet />
      </div>
      <KeysDialog ref={help} search="search" places={reached} lines={KEYS} />
    </div>
  );
}

function ZoneSwitch(): ReactNode {
  const [zone, setZone] = useZone();
  const other = zone === "UTC" ? "local" : "UTC";
  const text = `Times are in ${zoneName(zone)}; show ${zoneName(other)}`;
  return (
    <button
      type="button"
      className="icon-button zone"
      onClick={() => setZone(other)}
      title={text}
      aria-label={text}
    >
      {zone === "UTC" ? "UTC" : "local"}
    </button>
  );
}

function usePlaces(): Place[] {
  const alerts = useQuery(ask.alerts());
  const firing = alerts.data?.alerts.filter((alert) => alert.state === "firing").length ?? 0;
  return [
    { path: "/", title: "Models", icon: "segments", key: "m" },
    { path: "/alerts", title: "Alerts", icon: "bell", key: "a", tally: firing },
    { path: "/monitors", title: "Monitors", icon: "monitor", key: "o" },
    { path: "/incidents", title: "Incidents", icon: "incident", key: "i" },
    { path: "/runbooks", title: "Runbooks", icon: "checks", key: "r" },
    { path: "/oncall", title: "On call", icon: "people", key: "c" },
    { path: "/dashboards", title: "Dashboards", icon: "boards", key: "d" },
    { path: "/settings", title: "Administration", icon: "settings", key: "s" },
  ];
}
