import { useCallback, useSyncExternalStore } from "react";
import { formatRoute, parseRoute, type Route } from "../lib/route";

let current: Route = parseRoute(globalThis.location?.hash ?? "");
const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of listeners) listener();
}

function follow(): void {
  current = parseRoute(location.hash);
  tell();
}

function subscribe(listener: () => void): () => void {
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
}

/** Goes somewhere in the page; `replace` leaves no step behind in the browser's history. */
export function navigate(route: Route, replace = false): void {
  current = route;
  try {
    history[replace ? "replaceState" : "pushState"](null, "", formatRoute(route));
  } catch {
    // In a notebook's frame the address is not the page's own: the route then lives here alone.
  }
  tell();
}

/** The route that the page shows now. */
export function useRoute(): Route {
  return useSyncExternalStore(subscribe, () => current);
}

/** One choice of the page, kept in the URL; '' is the default and leaves no trace there. */
export function useChoice(key: string): [string, (value: string) => void] {
  const value = useRoute().query[key] ?? "";
  const choose = useCallback(
    (next: string) => {
      navigate({ path: current.path, query: { ...current.query, [key]: next } }, true);
    },
    [key],
  );
  return [value, choose];
}
