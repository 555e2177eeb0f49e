import { Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import type { ReactNode, RefObject } from "react";
import type { DashboardShown } from "../../api/schema";
import { collect, download, toCsv, toJson } from "./exporting";
import { pictureOf } from "./picture";
import type { Around } from "./usePanel";

/** Takes a dashboard out of the page: its address, its numbers, its picture. */
export function ExportMenu(props: {
  dashboard: DashboardShown;
  around: Around;
  body: RefObject<HTMLElement | null>;
}): ReactNode {
  const { dashboard, around, body } = props;
  const client = useQueryClient();
  const guarded = (what: string, done: () => Promise<string>) => () =>
    void done().then(
      (message) => notifications.show({ message, autoClose: 3000 }),
      (error: unknown) =>
        notifications.show({
          color: "red",
          title: `${what} was not made`,
          message: error instanceof Error ? error.message : String(error),
          autoClose: false,
        }),
    );
  const save = async (kind: "csv" | "json" | "png") => {
    const name = `${dashboard.name}.${kind}`;
    download(name, await contentOf(kind));
    return `Saved ${name}.`;
  };
  const contentOf = async (kind: "csv" | "json" | "png"): Promise<Blob> => {
    if (kind === "png") {
      if (!body.current) throw new Error("There is nothing to draw.");
      return pictureOf(body.current, dashboard.title);
    }
    const numbers = await collect(client, dashboard, around);
    return kind === "csv"
      ? new Blob([toCsv(numbers)], { type: "text/csv;charset=utf-8" })
      : new Blob([toJson(dashboard, around, numbers)], { type: "application/json" });
  };
  const copy = async () => {
    await navigator.clipboard.writeText(location.href);
    return "The address is copied; it shows the same to a colleague.";
  };
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <button type="button" className="button">
          Share
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={guarded("The copy", copy)}>Copy the address</Menu.Item>
        <Menu.Divider />
        <Menu.Item onClick={guarded("The CSV file", () => save("csv"))}>
          Save numbers as CSV
        </Menu.Item>
        <Menu.Item onClick={guarded("The JSON file", () => save("json"))}>
          Save numbers as JSON
        </Menu.Item>
        <Menu.Item onClick={guarded("The picture", () => save("png"))}>
          Save picture (PNG)
        </Menu.Item>
        <Menu.Item onClick={() => print()}>Print, or save as PDF</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
