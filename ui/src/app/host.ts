import type { Route } from "../lib/route";
import type { RouteHost } from "../state/route";
import { router } from "./router";
import { carried, formatSearch, parseSearch, type Search } from "./search";

/**
 * Routes of the components that the report has, too, as addresses of the application: a path that
 * begins with '/' is one of the application, any other is a part of the model that is shown.
 */
export function routerHost(): RouteHost {
  let known = "";
  let route: Route = { path: [], query: {} };
  const read = () => {
    const { pathname, searchStr } = router.state.location;
    const text = `${pathname}${searchStr}`;
    if (text !== known) {
      known = text;
      route = { path: partsOf(pathname), query: parseSearch(searchStr) };
    }
    return route;
  };
  return {
    read,
    href: (to) => hrefOf(to, router.state.location.pathname, read()),
    go: (to, replace) => {
      const href = hrefOf(to, router.state.location.pathname, read());
      void router.navigate({ href, replace, ...(replace ? { resetScroll: false } : {}) });
    },
    subscribe: (listener) => {
      // The location changes after 'onBeforeLoad', so later events tell of it, too.
      const events = ["onBeforeLoad", "onLoad", "onResolved"] as const;
      const ends = events.map((event) => router.subscribe(event, listener));
      return () => {
        for (const end of ends) end();
      };
    },
  };
}

/** What of an address the components of the report know: the part of a model, and what is in it. */
export function partsOf(pathname: string): string[] {
  const parts = pathname.split("/").slice(1).map(decodeURIComponent);
  if (parts[0] !== "models" || parts.length < 3) return [];
  const [part = "", ...rest] = parts.slice(2);
  return part === "features" ? ["feature", ...rest] : [part, ...rest].filter(Boolean);
}

function hrefOf(to: Route, pathname: string, now: Route): string {
  const isHere = to.path.join("/") === now.path.join("/");
  const query: Search = isHere ? to.query : { ...carried(now.query), ...to.query };
  const first = to.path[0] ?? "";
  if (first.startsWith("/")) return `${first}${formatSearch(query)}`;
  if (isHere) return `${pathname}${formatSearch(query)}`;
  const model = pathname.split("/")[2] ?? "";
  const parts = first === "feature" ? ["features", ...to.path.slice(1)] : to.path;
  const path = ["/models", model, ...parts.map(encodeURIComponent)].join("/");
  return `${path}${formatSearch(query)}`;
}
