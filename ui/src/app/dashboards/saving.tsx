import { notifications } from "@mantine/notifications";
import type { QueryClient } from "@tanstack/react-query";
import type { DashboardShown } from "../../api/schema";
import { at, send } from "../data/api";
import { ask } from "../data/queries";
import { bodyOf, type Draft } from "./draft";
import { slugOf } from "./slug";

/** Keeps a dashboard; a new one never takes the place of another, nor a change that of a later one. */
export function save(
  draft: Draft,
  own: DashboardShown | null,
  taken: readonly string[],
): Promise<DashboardShown> {
  const name = own?.name ?? slugOf(draft.title, [...taken, "new"]);
  const seen: Record<string, string> = own ? { "If-Match": own.version } : { "If-None-Match": "*" };
  return send("PUT", at`/v1/dashboards/${name}`, bodyOf(draft), { headers: seen });
}

/** Removes a dashboard, and offers to put it back. */
export async function remove(client: QueryClient, kept: DashboardShown): Promise<void> {
  await send("DELETE", at`/v1/dashboards/${kept.name}`);
  // Not the dashboard itself, which the page still shows: asked for again it is not there.
  await client.invalidateQueries({ queryKey: ask.dashboards().queryKey, exact: true });
  const id = notifications.show({
    title: `Removed ${kept.title}.`,
    autoClose: 15_000,
    message: (
      <button
        type="button"
        className="button"
        onClick={() => {
          notifications.hide(id);
          void putBack(client, kept);
        }}
      >
        Put it back
      </button>
    ),
  });
}

async function putBack(client: QueryClient, kept: DashboardShown): Promise<void> {
  await send("PUT", at`/v1/dashboards/${kept.name}`, kept.text, { type: "application/yaml" });
  await client.invalidateQueries({ queryKey: ["dashboards"] });
}
