/** Where the reader is, kept in the URL's hash so that a link or a reload shows the same. */
export interface Route {
  /** Path parts after '#/': [] is the overview, ['feature', name], ['window', index]. */
  path: string[];
  /** Search, sort and choices of the page. */
  query: Record<string, string>;
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    // A hand-written hash may hold a bare '%'; it then means itself.
    return text;
  }
};

/** A route from a hash such as '#/feature/temp?q=te&sort=psi'. */
export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2) as [string, string?];
  const pairs = query
    .split("&")
    .filter(Boolean)
    .map((pair): [string, string] => {
      const [key = "", value = ""] = pair.split("=", 2) as [string, string?];
      return [decode(key), decode(value)];
    });
  // A column may be called nothing at all, so only the whole path may be empty.
  const parts = path === "" ? [] : path.split("/").map(decode);
  return { path: parts, query: Object.fromEntries(pairs) };
}

/** The hash of a route; empty choices are left out. */
export function formatRoute(route: Route): string {
  const query = Object.entries(route.query)
    .filter(([, value]) => value !== "")
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
    .join("&");
  return `#/${route.path.map(encodeURIComponent).join("/")}${query ? `?${query}` : ""}`;
}
