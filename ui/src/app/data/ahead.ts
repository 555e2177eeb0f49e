import type { QueryClient } from "@tanstack/react-query";
import { rangeOf } from "../range";
import { parseSearch } from "../search";
import { ask } from "./queries";

/** Asks for what the page of an address begins with; the page finds the answers, or waits for them. */
export function askAhead(client: QueryClient, { pathname, search }: Location): void {
  void client.prefetchQuery(ask.session());
  void client.prefetchQuery(ask.models());
  void client.prefetchQuery(ask.alerts());
  const query = parseSearch(search);
  const [, first, name] = pathname.split("/");
  if (first === "models" && name) void aheadOfModel(client, decodeURIComponent(name), query);
  if (pathname === "/") void aheadOfFleet(client, query);
}

/** The finding of a model, as soon as it is known which range is shown. */
async function aheadOfModel(
  client: QueryClient,
  name: string,
  query: Record<string, string>,
): Promise<void> {
  const { version, segment } = query;
  const ahead = (window: string) =>
    void client.prefetchQuery(ask.overview(name, { window, version, segment }));
  // A range that is named need not wait for the model.
  if (rangeOf(query, null).isChosen) ahead(rangeOf(query, null).window);
  const model = await client.fetchQuery(ask.model(name)).catch(() => null);
  if (model) ahead(rangeOf(query, model.last_event).window);
}

const MOST = 20;

async function aheadOfFleet(client: QueryClient, query: Record<string, string>): Promise<void> {
  const found = await client.fetchQuery(ask.models()).catch(() => null);
  const lines = found?.models ?? [];
  const last = lines
    .map((line) => line.last_event ?? "")
    .sort()
    .at(-1);
  const { window } = rangeOf(query, last || null);
  for (const line of lines.slice(0, MOST)) void client.prefetchQuery(ask.glance(line.name, window));
}
