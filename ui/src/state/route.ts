import { useCallback, useSyncExternalStore } from "react";
import { formatRoute, parseRoute, type Route } from "../lib/route";

/** Where a page keeps its route: a report in the hash, the application in its path and query. */
export interface RouteHost {
  /** The route now; the same object as long as it is the same route. */
  read: () => Route;
  go: (route: Route, replace: boolean) => void;
  href: (route: Route) => string;
  subscribe: (listener: () => void) => () => void;
}

function hashHost(): RouteHost {
  let current: Route = parseRoute(globalThis.location?.hash ?? "");
  const listeners = new Set<() => void>();
  const tell = () => {
    for (const listener of listeners) listener();
  };
  const follow = () => {
    current = parseRoute(location.hash);
    tell();
  };
  return {
    read: () => current,
    href: formatRoute,
    go: (route, replace) => {
      current = route;
      try {
        history[replace ? "replaceState" : "pushState"](null, "", formatRoute(route));
      } catch {
        // In a notebook's frame the address is not the page's own: the route then lives here alone.
      }
      tell();
    },
    subscribe: (listener) => {
      if (listeners.size === 0) {
        addEventListener("hashchange", follow);
        addEventListener("popstate", follow);
      }
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) {
          removeEventListener("hashchange", follow);
          removeEventListener("popstate", follow);
        }
      };
    },
  };
}

let host: RouteHost = hashHost();

/** Keeps routes elsewhere; to be called once, before anything is drawn. */
export function keepRoutesIn(other: RouteHost): void {
  host = other;
}

/** Goes somewhere in the page; `replace` leaves no step behind in the browser's history. */
export function navigate(route: Route, replace = false): void {
  host.go(route, replace);
}

/** The address of a route, for links. */
export const hrefOf = (route: Route): string => host.href(route);

/** The route that the page shows now. */
export function useRoute(): Route {
  return useSyncExternalStore(host.subscribe, host.read);
}

/** One choice of the page, kept in the URL; '' is the default and leaves no trace there. */
export function useChoice(key: string): [string, (value: string) => void] {
  const value = useRoute().query[key] ?? "";
  const choose = useCallback(
    (next: string) => {
      const { path, query } = host.read();
      navigate({ path, query: { ...query, [key]: next } }, true);
    },
    [key],
  );
  return [value, choose];
}
